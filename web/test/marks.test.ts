import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { chips, mark, unmarked, type Marks } from "../src/state/marks";
import { event } from "./events";

const after = (...events: Parameters<typeof event>[0][]): Marks => events.map(event).reduce(mark, unmarked);
const shown = ({ reactions }: Marks, me = "ada") => chips(reactions, me).map(({ emoji, users, mine }) => `${emoji}${users.map(({ id }) => id).join("+")}${mine ? "!" : ""}`);

test("a reaction counts each person once, and knows one's own", () => {
  const marks = after(
    { seq: 2, kind: "react", by: "grace", target: 1, emoji: "💚" },
    { seq: 3, kind: "react", by: "ada", target: 1, emoji: "💚" },
    { seq: 4, kind: "react", by: "linus", target: 1, emoji: "🎉" },
    { seq: 2, kind: "react", by: "grace", target: 1, emoji: "💚" },
  );
  deepEqual(shown(marks), ["💚grace+ada!", "🎉linus"]);
});

test("what was taken off is gone", () => {
  const on = { seq: 2, kind: "react", by: "grace", target: 1, emoji: "💚" } as const;
  const off = { seq: 3, kind: "unreact", by: "grace", target: 1, emoji: "💚" } as const;
  deepEqual(shown(after(on, off)), []);
  deepEqual(shown(after(on, off, { ...on, seq: 4 })), ["💚grace"]);
});

test("marks are the same in whatever order, and however often, they are learnt", () => {
  const events = [
    { seq: 2, kind: "react", by: "grace", target: 1, emoji: "💚" },
    { seq: 3, kind: "unreact", by: "grace", target: 1, emoji: "💚" },
    { seq: 4, kind: "edit", by: "ada", target: 1, text: "second", ts: 40 },
    { seq: 5, kind: "react", by: "linus", target: 1, emoji: "🎉" },
    { seq: 6, kind: "edit", by: "ada", target: 1, text: "third", ts: 60 },
  ] as const;
  const want = after(...events);
  for (const order of permutations(events)) {
    const got = after(...order, ...order.slice(2));
    deepEqual(got.edit, want.edit);
    deepEqual(shown(got), shown(want));
  }
});

test("a deleted message stays deleted, whatever is learnt after", () => {
  const edit = { seq: 2, kind: "edit", by: "ada", target: 1, text: "second" } as const;
  const gone = { seq: 3, kind: "delete", by: "ada", target: 1 } as const;
  for (const marks of [after(edit, gone), after(gone, edit), after({ ...edit, text: undefined, deleted: true })]) {
    equal(marks.deleted, true);
    equal(marks.edit, null);
  }
});

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length < 2) return [[...of]];
  return of.flatMap((one, i) => permutations(of.toSpliced(i, 1)).map((rest) => [one, ...rest]));
}
