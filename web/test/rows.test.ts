import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { emptyRoom, type Line, type Room } from "../src/state/chat";
import { rows } from "../src/state/rows";

const minute = 60_000;
const noon = new Date(2026, 0, 15, 12).getTime();
const message = (key: string, user: string, at: number): Line => ({ kind: "message", key, user, at, text: key });
const notice = (key: string, at: number): Line => ({ kind: "notice", key, at, text: key });
const room = (lines: readonly Line[], newFrom: string | null = null): Room => ({ ...emptyRoom, lines, newFrom });

/** shape is each row in short; a star stands for the head of a group. */
function shape(of: Room): string {
  return rows(of, [], "ada").map((row) => ("head" in row && row.head ? `${row.is}*` : row.is)).join(" ");
}

test("messages of one person within five minutes are one group", () => {
  equal(shape(room([message("a", "ada", noon), message("b", "ada", noon + 4 * minute), message("c", "ada", noon + 10 * minute)])), "day message* message message*");
  equal(shape(room([message("a", "ada", noon), message("b", "grace", noon), message("c", "ada", noon)])), "day message* message* message*");
});

test("a notice, a new day and what is new begin a group", () => {
  equal(shape(room([message("a", "ada", noon), notice("n", noon), message("b", "ada", noon)])), "day message* notice message*");
  equal(shape(room([message("a", "ada", noon), message("b", "ada", noon + 24 * 60 * minute)])), "day message* day message*");
  equal(shape(room([message("a", "ada", noon), message("b", "ada", noon)], "b")), "day message* new message*");
});

test("ten notices in a row fold into one", () => {
  const run = (n: number) => Array.from({ length: n }, (_, i) => notice(`n${i}`, noon));
  equal(shape(room(run(9))), `day ${Array(9).fill("notice").join(" ")}`);
  equal(shape(room(run(10))), "day fold");
  equal(shape(room([...run(12), message("a", "ada", noon)])), "day fold message*");
});

test("each row has its own key", () => {
  const keys = rows(room([message("a", "ada", noon), notice("n", noon), message("b", "ada", noon + 24 * 60 * minute)], "b"), [
    { key: "d", room: "lobby", text: "hi", at: noon, state: "waiting" },
  ], "ada").map((row) => row.key);
  deepEqual([...new Set(keys)], keys);
});
