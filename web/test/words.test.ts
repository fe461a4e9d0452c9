import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { links } from "../src/state/links";
import { hueOf, hues, initials } from "../src/state/tile";
import { cleanName, cleanRoom, cleanText, points, wrongName } from "../src/state/words";

test("a text is made to fit before it is sent", () => {
  for (const [typed, want] of [
    ["hi", "hi"],
    ["one\r\ntwo\rthree", "one\ntwo\nthree"],
    ["a\u0000b\u0007c\u0085d", "abcd"],
    ["\n \n  indented\n\n", "  indented"],
    [" \n\t ", ""],
    ["half \ud83d", "half \ufffd"],
    ["whole 😀", "whole 😀"],
  ] as const) {
    equal(cleanText(typed), want);
  }
});

test("names and rooms are put as the server shows them", () => {
  equal(cleanName("  Zoe\u0308 "), "Zoë");
  equal(cleanName("   "), "Anonymous");
  equal(cleanRoom("#lobby"), "lobby");
  equal(cleanRoom(""), "general");
});

test("letters are counted as code points", () => {
  equal(points("😀😀"), 2);
  equal(wrongName("name", "😀".repeat(40)), null);
  ok(wrongName("name", "a".repeat(41)));
  ok(wrongName("room", "a\u202eb"));
});

test("addresses become links, and nothing else does", () => {
  const hrefs = (text: string) => links(text).flatMap((part) => part.href ?? []);
  deepEqual(hrefs("see https://a.example/b?c=d#e, and (http://f.example/g_(h))."), ["https://a.example/b?c=d#e", "http://f.example/g_(h)"]);
  for (const text of ["javascript:alert(1)", "data:text/html,x", "www.a.example", "https://", "xhttp:/a", 'ftp://a.example"']) {
    deepEqual(hrefs(text), [], text);
  }
  deepEqual(hrefs('<a href="https://a.example">'), ["https://a.example"]);
});

test("cutting a text into links loses no letter of it", () => {
  for (const text of ["", "plain", "https://a.example", "a https://a.example). b http://c.example! d", "https://a.example/*bold*"]) {
    equal(links(text).map((part) => part.text).join(""), text);
  }
});

test("a person's tile has one or two letters and one of the hues", () => {
  for (const [name, want] of [["ada", "A"], ["Grace Brewster Hopper", "GH"], ["margaret_h", "MH"], ["👩‍🚀 Sally", "👩‍🚀S"], ["--", "-"]] as const) {
    equal(initials(name), want);
    ok(hueOf(name) >= 0 && hueOf(name) < hues);
  }
});
