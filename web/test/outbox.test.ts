import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { again, lineLost, refused, sent, unsent, without, write, type Outbox } from "../src/outbox/outbox";

const two: Outbox = write(write([], "a", "lobby", "one", 1), "b", "lobby", "two", 2);

test("what is sent again goes last", () => {
  deepEqual(again(refused(two, "a", "why"), "a", 9).map((draft) => [draft.key, draft.state]), [["b", "waiting"], ["a", "waiting"]]);
});

test("only what is refused or in doubt can be sent again", () => {
  deepEqual(again(two, "a", 9), two);
  deepEqual(again(sent(two, "a"), "a", 9), sent(two, "a"));
  equal(again(lineLost(sent(two, "a")), "a", 9).at(-1)?.state, "waiting");
});

test("what will go out by itself is counted for its room", () => {
  equal(unsent(refused(two, "a", "why"), "lobby"), 1);
  equal(unsent(two, "attic"), 0);
  equal(unsent(without(two, "a"), "lobby"), 1);
});
