import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { newKey } from "../src/client/key";
import type { Chat } from "../src/client/types";
import { chat, keep, last, settled, tick, world } from "./peer";

async function online(options = {}): Promise<Chat> {
  world();
  const made = await chat(options);
  last().welcome();
  return made.chat;
}

function states(made: Chat): string[] {
  return made.state.drafts.map((draft) => `${draft.text} ${draft.state}`);
}

test("what is written while there is no line is sent once there is one", async () => {
  world();
  const made = await chat();
  const { key } = made.chat.room("lobby").send("one", 7);
  deepEqual(states(made.chat), ["one waiting"]);
  last().welcome();
  const { text, reply_to: replyTo, ...sent } = last().asked("send");
  deepEqual([text, replyTo, sent["key"], sent["room"]], ["one", 7, key, "lobby"]);
});

test("one message of a room at a time is with the server, in the order written", async () => {
  const made = await online();
  made.room("lobby").send("one");
  made.room("lobby").send("two");
  made.room("attic").send("three");
  deepEqual(states(made), ["one sending", "two waiting", "three sending"]);
  last().ok("send", { seq: 1, ts: 1 });
  deepEqual(last().heard.map((frame) => frame["text"]), ["three", "two"]);
});

test("the promise of a message is kept once the server has stored it", async () => {
  const made = await online();
  const { written } = made.room("lobby").send("one");
  last().ok("send", { seq: 4, ts: 9 });
  deepEqual((await written).seq, 4);
  deepEqual(made.state.drafts, []);
});

test("what was with the server when the line broke is sent again under its key", async () => {
  const made = await online();
  const { key } = made.room("lobby").send("one");
  made.room("lobby").send("two");
  last().asked("send");
  last().break();
  deepEqual(states(made), ["one waiting", "two waiting"]);
  tick(1000);
  await settled();
  last().welcome();
  equal(last().heard[0]?.["key"], key);
  last().ok("send", { seq: 1, ts: 1, repeated: true });
  equal(last().asked("send")["text"], "two");
});

test("a draft gives way to its event, whichever comes first, event or answer", async () => {
  for (const eventFirst of [true, false]) {
    const made = await online();
    made.room("lobby").join();
    last().joined(1);
    const { key, written } = made.room("lobby").send("one");
    const event = (): void => last().events(1, 1, { user: { id: "ada", name: "ada" }, key });
    if (eventFirst) event();
    else last().ok("send", { seq: 1, ts: 1 });
    deepEqual(states(made), eventFirst ? [] : ["one sent"]);
    if (eventFirst) last().ok("send", { seq: 1, ts: 1 });
    else event();
    deepEqual(states(made), []);
    equal((await written).seq, 1);
  }
});

test("another's message under the same key is not one's own", async () => {
  const made = await online();
  made.room("lobby").join();
  last().joined(1);
  const { key } = made.room("lobby").send("one");
  last().events(1, 1, { key });
  deepEqual(states(made), ["one sending"]);
});

test("a draft does not wait for an event that won't be told", async () => {
  const made = await online();
  const lobby = made.room("lobby").join();
  last().joined(1);
  lobby.send("one");
  last().ok("send", { seq: 3, ts: 1 });
  deepEqual(states(made), ["one sent"]);
  lobby.leave();
  deepEqual(states(made), []);
});

test("what the server takes later goes out then, and nothing of its room before it", async () => {
  const made = await online();
  made.room("lobby").send("one");
  made.room("lobby").send("two");
  last().no("send", "rate_limited", { retry_ms: 4000 });
  const draft = made.state.drafts[0];
  ok(draft?.state === "held" && draft.code === "rate_limited" && draft.until === Date.now() + 4000);
  tick(3999);
  deepEqual(last().heard, []);
  tick(1);
  equal(last().asked("send")["text"], "one");
});

test("a refused message says why, and does not hold up the next", async () => {
  const made = await online();
  const { written } = made.room("lobby").send("one");
  made.room("lobby").send("two");
  last().no("send", "invalid_text");
  await rejects(written, { code: "invalid_text" });
  deepEqual(states(made), ["one refused", "two sending"]);
});

test("a refused message goes out again last, under its key unless that is another's", async () => {
  for (const code of ["forbidden", "key_reused"]) {
    const made = await online();
    const { key } = made.room("lobby").send("one");
    last().no("send", code);
    made.room("lobby").send("two");
    made.retry(key);
    deepEqual(states(made), ["two sending", "one waiting"]);
    equal(made.state.drafts[1]?.key === key, code === "forbidden");
  }
});

test("what is not with the server can be taken back", async () => {
  const made = await online();
  const first = made.room("lobby").send("one");
  const second = made.room("lobby").send("two");
  made.discard(first.key);
  made.discard(second.key);
  await rejects(second.written, { code: "discarded" });
  deepEqual(states(made), ["one sending"]);
});

test("a message too long for the line never goes out on it", async () => {
  const made = await online();
  made.room("lobby").send("x".repeat(70_000));
  deepEqual(last().heard, []);
  const draft = made.state.drafts[0];
  ok(draft?.state === "refused" && draft.code === "too_large");
});

test("half an emoji is sent as what can be read", async () => {
  const made = await online();
  made.room("lobby").send("\ud83d half");
  equal(last().asked("send")["text"], "\ufffd half");
});

test("what is not sent outlives a reload, refused or not, and is sent under its key", async () => {
  const storage = keep();
  const made = await online({ storage });
  made.room("lobby").send("one");
  last().no("send", "forbidden");
  const { key } = made.room("lobby").send("two");
  made.room("lobby").send("three");

  world(); // a crash: nothing was closed
  const { chat: then } = await chat({ storage });
  deepEqual(states(then), ["one refused", "two waiting", "three waiting"]);
  last().welcome();
  equal(last().heard[0]?.["key"], key);
});

test("what was sent is not kept", async () => {
  const storage = keep();
  const made = await online({ storage });
  made.room("lobby").join();
  last().joined(1);
  made.room("lobby").send("one");
  last().ok("send", { seq: 1, ts: 1 }); // and its event is still to come
  world();
  deepEqual(states((await chat({ storage })).chat), []);
});

test("another person's drafts are not sent in one's own name, and wait for them", async () => {
  const storage = keep();
  const made = await online({ storage });
  last().break();
  made.room("lobby").send("ada's");

  world();
  const { chat: then } = await chat({ storage });
  deepEqual(states(then), ["ada's waiting"]);
  last().welcome("grace");
  deepEqual(states(then), []);
  deepEqual(last().heard, []);
  then.close();

  world();
  await chat({ storage });
  last().welcome("ada");
  equal(last().asked("send")["text"], "ada's");
});

test("what one wrote before one was anybody is sent as who one turns out to be", async () => {
  world();
  const storage = keep();
  const { chat: made } = await chat({ storage });
  made.room("lobby").send("one");
  world();
  await chat({ storage });
  last().welcome();
  equal(last().asked("send")["text"], "one");
});

test("storage that holds nonsense, or refuses, is done without", async () => {
  const storage = keep();
  for (const [i, value] of ["", "null", "[]", "{", '{"user":"","drafts":[{"key":1},null,7]}'].entries()) {
    storage.setItem(`parley http://parley.test/ outbox.${i}`, value);
  }
  deepEqual(states(await online({ storage })), []);
  const refuses = new Proxy(keep(), {
    get: () => {
      throw new Error("SecurityError");
    },
  });
  const made = await online({ storage: refuses });
  made.room("lobby").send("one");
  equal(last().asked("send")["text"], "one");
});

test("keys are UUIDs of version 7, unlike each other, in the order of their time", () => {
  const keys = [newKey(1), newKey(0x0123456789ab), newKey(0x0123456789ac)];
  for (const key of keys) match(key, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  match(keys[1] ?? "", /^01234567-89ab-7/);
  deepEqual(keys.toSorted(), keys);
  notEqual(newKey(1), newKey(1));
});

test("a draft survives lines that break again and again", async () => {
  const made = await online();
  const { key } = made.room("lobby").send("one");
  for (let i = 0; i < 10; i++) {
    last().break();
    made.now();
    await settled();
    last().welcome();
    equal(last().heard[0]?.["key"], key);
  }
  last().ok("send", { seq: 1, ts: 1 });
  deepEqual(made.state.drafts, []);
});
