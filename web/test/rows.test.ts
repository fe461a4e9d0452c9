import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { Draft } from "../src/client/types";
import { lineOf, type Line } from "../src/state/lines";
import { keyOf, rows } from "../src/state/rows";
import { event } from "./events";

const minute = 60_000;
const noon = new Date(2026, 0, 15, 12).getTime();
const ada = { id: "ada", name: "ada" };
let seq = 0;
const line = (given: Partial<Parameters<typeof event>[0]>): Line => lineOf(event({ seq: ++seq, ts: noon, ...given })) as Line;
const message = (by: string, at: number): Line => line({ by, ts: at });
const topic = (): Line => line({ kind: "topic", text: "tea" });

/** shape is each row in short; a star stands for the head of a group. */
function shape(lines: readonly Line[], firstNew: number | null = null, drafts: readonly Draft[] = [], now = noon + 30 * 24 * 60 * minute): string {
  return rows(lines, drafts, ada, firstNew, now).map((row) => ("head" in row && row.head ? `${row.is}*` : row.is)).join(" ");
}

test("messages of one person within five minutes are one group", () => {
  equal(shape([message("ada", noon), message("ada", noon + 4 * minute), message("ada", noon + 10 * minute)]), "day message* message message*");
  equal(shape([message("ada", noon), message("grace", noon), message("ada", noon)]), "day message* message* message*");
});

test("another name of the same person begins a group", () => {
  const renamed = line({ user: { id: "ada", name: "Ada Lovelace" } } as never);
  equal(shape([message("ada", noon), renamed]), "day message* message*");
});

test("a topic, a new day and what is new begin a group", () => {
  equal(shape([message("ada", noon), topic(), message("ada", noon)]), "day message* topic message*");
  equal(shape([message("ada", noon), message("ada", noon + 24 * 60 * minute)]), "day message* day message*");
  const fresh = message("grace", noon);
  equal(shape([message("grace", noon), fresh], fresh.seq), "day message* new message*");
});

test("a list that begins today does not say so", () => {
  equal(shape([message("ada", noon)], null, [], noon + minute), "message*");
  equal(shape([message("ada", noon - 24 * 60 * minute), message("ada", noon)], null, [], noon), "day message* day message*");
});

test("ten notices in a row fold into one", () => {
  const run = (n: number) => Array.from({ length: n }, topic);
  equal(shape(run(9)), `day ${Array(9).fill("topic").join(" ")}`);
  equal(shape(run(10)), "day fold");
  equal(shape([...run(12), message("ada", noon)]), "day fold message*");
});

test("each row has its own key, and one's own message that of its draft", () => {
  const lines = [message("ada", noon), topic(), message("ada", noon + 24 * 60 * minute)];
  const keys = rows(lines, [], ada, lines[2]?.seq ?? null, noon).map((row) => row.key);
  deepEqual([...new Set(keys)], keys);
  equal(keyOf(line({ by: "ada", key: "k1" }), "ada"), "k1");
  const others = line({ by: "grace", key: "k1" });
  equal(keyOf(others, "ada"), `${others.seq}`);
});
