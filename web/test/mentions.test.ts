import { equal } from "node:assert/strict";
import { test } from "node:test";
import { isMention } from "../src/state/mentions";

// The cases of internal/words: the page marks what the server counts.
const cases: readonly (readonly [text: string, name: string, mention: boolean])[] = [
  ["@ada", "ada", true],
  ["hello @ada!", "ada", true],
  ["hello ada", "ada", false],
  ["(@ada)", "ada", true],
  ["@ada, @grace: look", "grace", true],
  ["@ADA", "ada", true],
  ["@ada", "Ada", true],
  ["@adam", "ada", false],
  ["@ada2", "ada", false],
  ["@adam and @ada", "ada", true],
  ["ada@ada.example", "ada", false],
  ["1@ada", "ada", false],
  ["é@ada", "ada", false],
  ["e\u0301@ada", "ada", false],
  ["हि@ada", "ada", false],
  ["@@ada", "ada", true],
  ["@ ada", "ada", false],
  ["@Ada Lovelace said", "Ada Lovelace", true],
  ["@Ada Lovelace said", "Ada", true],
  ["@Ada\u00A0Lovelace", "Ada Lovelace", false],
  ["@Adá", "Ada", false],
  ["@Ada\u0301", "Ada", false],
  ["@Ada\u0301", "Adá", true],
  ["@STRASSE", "Straße", true],
  ["@Straße", "STRASSE", true],
  ["@ΟΔΥΣΣΕΎΣ", "Οδυσσεύς", true],
  ["@\u03AA\u0301", "\u0390", true],
  ["@🚀", "🚀", true],
  ["go @🚀🚀", "🚀", true],
  ["@👩\u200D🚀", "👩", false],
  ["@👩🏽", "👩", false],
  ["@❤", "❤\uFE0F", true],
  ["❤\uFE0F@ada", "ada", true],
  ["@Ada 🚀 hi", "Ada 🚀", true],
  ["@王小明", "王小明", true],
  ["@王小明你好", "王小明", true],
  ["@田中さん", "田中", true],
  ["@adaさん", "ada", true],
  ["@민수님", "민수", true],
  ["@a@b", "a@b", true],
  ["@a@a", "a", true],
  ["@@@", "@", true],
  ["@", "", false],
  ["", "ada", false],
];

test("a mention is @ and the name, both standing alone", () => {
  for (const [text, name, mention] of cases) equal(isMention(text, name), mention, `${text} for ${name}`);
});
