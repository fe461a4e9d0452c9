import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../src/client/types";
import {
  atNewest, hasOlder, joined, kept, left, lookedUp, marksOf, messageAt, newRoom, receive, shown, textOf, withNewer, withOlder, withQuoted, type Reader, type Room,
} from "../src/state/room";
import { firstNew, unread } from "../src/state/unread";
import { event, letIn, messages } from "./events";

const lobbyFrom = (from: number, first = 1): Room => joined(newRoom, letIn({ from, first }));
const hear = (room: Room, events: readonly Event[], reader: Reader = "at the end") => events.reduce((then, event) => receive(then, event, reader), room);
const seqs = (room: Room) => shown(room).lines.map((line) => line.seq);
const texts = (room: Room) => shown(room).lines.map((line) => (line.kind === "message" ? textOf(line, marksOf(room, line.seq)) : line.text));
const range = (from: number, to: number) => messages(from, to).map(({ seq }) => seq);

test("events stand in their order, each once", () => {
  deepEqual(seqs(hear(lobbyFrom(3), [...messages(3, 5), ...messages(4, 6)])), [3, 4, 5, 6]);
});

test("a message shows its newest text, and none once it was deleted", () => {
  let room = hear(lobbyFrom(1), [...messages(1, 2), event({ seq: 3, kind: "edit", target: 1, text: "one, mended" })]);
  deepEqual(texts(room), ["one, mended", "2"]);
  room = hear(room, [event({ seq: 4, kind: "delete", target: 1 })]);
  deepEqual(texts(room), [null, "2"]);
  ok(!JSON.stringify([...room.live.lines, ...room.marks.values()]).includes("mended"));
});

test("an older edit of a message that was read newer changes nothing", () => {
  deepEqual(texts(hear(lobbyFrom(1), [event({ seq: 1, text: "third", edited: 30 }), event({ seq: 2, kind: "edit", target: 1, text: "old", ts: 20 })])), ["third"]);
});

test("older pages stand before what is there, and know what became of them since", () => {
  let room = hear(lobbyFrom(11), [...messages(11, 12), event({ seq: 13, kind: "react", by: "ada", target: 5, emoji: "💚" }), event({ seq: 14, kind: "delete", target: 6 })]);
  ok(hasOlder(room));
  room = withOlder(room, messages(5, 10), 5);
  deepEqual(seqs(room), [5, 6, 7, 8, 9, 10, 11, 12]);
  equal(marksOf(room, 5).reactions.length, 1);
  equal(texts(room)[1], null);
  ok(!hasOlder(room));
});

test("a page that comes twice, or too late, changes nothing", () => {
  const room = withOlder(hear(lobbyFrom(11), messages(11, 12)), messages(5, 10), 1);
  deepEqual(seqs(withOlder(room, messages(5, 10), 1)), seqs(room));
  deepEqual(seqs(withOlder(room, messages(1, 3), 1)), seqs(room));
});

test("an empty page means that there is nothing older", () => {
  ok(!hasOlder(withOlder(lobbyFrom(11), [], 1)));
});

test("a search leads to an old stretch, and reading on leads back to the newest", () => {
  let room = lookedUp(hear(lobbyFrom(91), messages(91, 100)), messages(21, 40), 1);
  deepEqual(seqs(room), range(21, 40));
  room = hear(room, messages(101, 101), "further up");
  deepEqual(seqs(room), range(21, 40));
  room = withNewer(room, messages(41, 90), 1);
  equal(room.away, null);
  deepEqual(seqs(room), range(21, 101));
});

test("what a search leads to joins what is on the screen where it touches it", () => {
  const room = lookedUp(hear(lobbyFrom(91), messages(91, 100)), messages(80, 95), 1);
  equal(room.away, null);
  deepEqual(seqs(room), range(80, 100));
});

test("the way to the newest is one step", () => {
  const room = atNewest(lookedUp(hear(lobbyFrom(91), messages(91, 100)), messages(21, 40), 1));
  deepEqual(seqs(room), range(91, 100));
});

test("a room keeps a bounded number of lines, wherever the reader is", () => {
  for (const [reader, most] of [["at the end", kept.live + 100], ["elsewhere", kept.later + 100]] as const) {
    const room = hear(lobbyFrom(1), messages(1, 4000), reader);
    ok(room.live.lines.length <= most, `${reader}: ${room.live.lines.length}`);
    equal(room.live.to, 4000);
  }
});

test("who reads further up for long is parted from the newest, and nothing on the screen moves", () => {
  const room = hear(lobbyFrom(1), messages(1, kept.shown + 50), "further up");
  deepEqual([seqs(room)[0], seqs(room).at(-1)], [1, kept.shown]);
  equal(room.live.to, kept.shown + 50);
});

test("who scrolls up for long comes back by scrolling down", () => {
  let room = hear(lobbyFrom(8901), messages(8901, 9000));
  for (let before = 8901; before > 4001; before -= 100) room = withOlder(room, messages(before - 100, before - 1), 1);
  ok(room.away !== null && room.away.lines.length === kept.shown);
  equal(room.away.from, 4001);
  equal(room.live.to, 9000);
  for (let after = room.away.to; room.away !== null; after += 100) room = withNewer(room, messages(after + 1, after + 100), 1);
  equal(seqs(room).at(-1), 9000);
});

test("reactions outlast what is forgotten and read again", () => {
  let room = hear(lobbyFrom(1), messages(1, 1000));
  room = hear(room, [event({ seq: 1001, kind: "react", by: "ada", target: 7, emoji: "💚" }), ...messages(1002, 1400)]);
  ok(room.live.from > 7);
  room = withOlder(room, messages(1, room.live.from - 1).filter(({ seq }) => seq !== 1001), 1);
  equal(marksOf(room, 7).reactions.length, 1);
});

test("another life of the log begins the room anew; the same one goes on", () => {
  const room = hear(lobbyFrom(1), messages(1, 3));
  deepEqual(seqs(joined(room, letIn({ from: 4 }))), [1, 2, 3]);
  deepEqual(seqs(joined(room, letIn({ from: 4, epoch: "e2", reset: "epoch" }))), []);
  deepEqual(seqs(joined(room, letIn({ from: 9, reset: "purged" }))), []);
});

test("an answered message is looked for here first, then asked for once", () => {
  let room = hear(lobbyFrom(5, 3), messages(5, 6));
  equal(messageAt(room, 6)?.text, "6");
  equal(messageAt(room, 4), undefined);
  equal(messageAt(room, 2), null);
  room = withQuoted(room, 4, null);
  equal(messageAt(room, 4), null);
});

test("unread are others' messages after the mark that are not deleted", () => {
  const events = [
    event({ seq: 1 }), event({ seq: 2, by: "ada" }), event({ seq: 3, text: "@Ada look" }), event({ seq: 4, text: "@ada again" }),
    event({ seq: 5, kind: "delete", target: 4 }), event({ seq: 6, kind: "topic", text: "x" }),
  ];
  deepEqual(unread({ ...hear(lobbyFrom(1), events), read: 1 }, "ada", "Ada"), { unread: 1, mentions: 1 });
});

test("where the lines do not reach back to the mark, the server's count goes on", () => {
  const room = { ...hear(lobbyFrom(101), messages(101, 105)), read: 10, counted: { upTo: 103, unread: 93, mentions: 2 } };
  deepEqual(unread(room, "ada", "ada"), { unread: 95, mentions: 2 });
});

test("new is what others said after one came", () => {
  const { lines } = hear(lobbyFrom(1), [event({ seq: 1 }), event({ seq: 2, by: "ada" }), event({ seq: 3 })]).live;
  equal(firstNew(lines, 1, "ada"), 3);
  equal(firstNew(lines, 3, "ada"), null);
  equal(firstNew(lines, null, "ada"), null);
});

test("a room that one leaves keeps its last lines", () => {
  const room = left(hear({ ...lobbyFrom(1), newAfter: 3 }, messages(1, 900)));
  equal(room.live.lines.length, kept.later);
  equal(room.newAfter, null);
});
