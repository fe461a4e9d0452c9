import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { decode, isAnswer } from "../src/client/decode";

const ada = { id: "u1", name: "ada" };
const event = { type: "event", room: "lobby", seq: 3, ts: 9, kind: "message", user: ada, text: "hi" };

const frames: readonly object[] = [
  { type: "welcome", session: "s", user: ada, pass: "pass1.x", limits: {}, time: 1 },
  { type: "welcome", session: "s", user: { ...ada, role: "admin" }, limits: {}, time: 1 },
  { type: "ok", id: "1", seq: 2 },
  { type: "error", id: "1", code: "rate_limited", text: "Slow down", retry_ms: 5 },
  { type: "error", code: "invalid_json", text: "" },
  event,
  { ...event, key: "k", reply_to: 1, edited: 4 },
  { type: "event", room: "lobby", seq: 4, ts: 9, kind: "react", user: ada, target: 3, emoji: "👍" },
  { type: "event", room: "lobby", seq: 5, ts: 9, kind: "something new", user: ada, more: [] },
  { type: "caught_up", room: "lobby", seq: 5 },
  { type: "presence", room: "lobby", all: true, joined: [ada], left: [], count: 1 },
  { type: "typing", room: "lobby", users: [ada] },
  { type: "read", room: "lobby", seq: 5, unread: 0, mentions: 0 },
];

/** The members that this client reads. */
const checked = new Set(
  ["type", "room", "ts", "kind", "user", "text", "id", "code", "target", "emoji", "pass", "key", "reply_to"].concat(
    ["edited", "retry_ms", "joined", "left", "count", "users", "unread", "mentions"],
  ),
);

test("what the server says is read", () => {
  for (const frame of frames) deepEqual(decode(JSON.stringify(frame)), frame);
});

test("what has another shape is nothing", () => {
  for (const data of ["", "{", "null", "[]", "7", '"event"', "{}", '{"type":"surprise"}', '{"type":"__proto__"}', '{"type":["event"]}', new ArrayBuffer(2), undefined]) {
    equal(decode(data), null, String(data));
  }
  for (const frame of frames) {
    for (const name of Object.keys(frame).filter((name) => checked.has(name))) {
      equal(decode(JSON.stringify({ ...frame, [name]: { no: "this" } })), null, `${JSON.stringify(frame)}: ${name}`);
    }
  }
});

test("an answer has what its command asked for", () => {
  const joined = { room: { name: "lobby", epoch: "e", first: 1, head: 0, topic: "" }, from: 1, count: 1 };
  ok(isAnswer("join", joined));
  ok(!isAnswer("join", { ...joined, room: { name: "lobby" } }));
  ok(isAnswer("send", { seq: 1, ts: 2, repeated: true }));
  ok(!isAnswer("send", {}));
  ok(isAnswer("history", { events: [event], first: 1, head: 3 }));
  ok(!isAnswer("history", { events: [{ ...event, user: "ada" }], first: 1, head: 3 }));
  ok(isAnswer("leave", {}));
});
