import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { chat, last, seqs, settled, sockets, tick, world } from "./peer";

/** A chat that is in the lobby, which holds two events. */
async function inLobby() {
  world();
  const made = await chat();
  made.chat.room("lobby").join();
  last().welcome();
  last().joined(1, 2);
  last().events(1, 2);
  return made;
}

/** The line breaks, and there is another. */
async function lineBreaks(): Promise<void> {
  last().break();
  tick(1000);
  await settled();
  last().welcome();
}

test("a room is joined as soon as there is a line, from its last events", async () => {
  const { news } = await inLobby();
  deepEqual(seqs(news), [1, 2]);
  equal(news[0]?.type, "joined");
});

test("after a loss of the line a room goes on from its cursor", async () => {
  const { news } = await inLobby();
  await lineBreaks();
  deepEqual(last().heard.find((frame) => frame.type === "join")?.["since"], { epoch: "e1", seq: 2 });
  last().joined(3, 4);
  last().events(3, 4);
  deepEqual(seqs(news), [1, 2, 3, 4]);
});

test("an event that was told is not told again", async () => {
  const { news } = await inLobby();
  last().events(1, 3);
  last().events(2, 3);
  deepEqual(seqs(news), [1, 2, 3]);
});

test("a hole is filled before what comes behind it is told", async () => {
  const { news } = await inLobby();
  last().events(3, 3);
  last().events(6, 7);
  deepEqual(seqs(news), [1, 2, 3]);
  equal(last().heard.filter((frame) => frame.type === "join").length, 1);
  last().joined(4, 7);
  last().events(4, 8);
  deepEqual(seqs(news), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("a line whose holes cannot be filled is given up", async () => {
  const { news } = await inLobby();
  last().events(4, 4);
  last().joined(3, 4);
  last().events(4, 4);
  ok(last().closed);
  tick(1000);
  await settled();
  last().welcome();
  last().joined(3, 4);
  last().events(3, 4);
  deepEqual(seqs(news), [1, 2, 3, 4]);
});

test("a reset is told, and its events are a beginning", async () => {
  const { chat, news } = await inLobby();
  await lineBreaks();
  last().joined(9, 9, { reset: "epoch", room: { name: "lobby", epoch: "e2", first: 1, head: 9, topic: "" } });
  last().events(9, 9);
  const joined = news.filter((one) => one.type === "joined").at(-1);
  ok(joined?.type === "joined" && joined.reset === "epoch" && joined.from === 9);
  deepEqual(chat.room("lobby").cursor, { epoch: "e2", seq: 9 });
});

test("what comes while a room is joined anew is told once", async () => {
  const { news } = await inLobby();
  last().events(4, 4); // a hole
  last().events(3, 3); // late, but in its place
  last().joined(3, 4);
  last().events(3, 4);
  const joined = news.filter((one) => one.type === "joined").at(-1);
  ok(joined?.type === "joined" && joined.from === 4);
  deepEqual(seqs(news), [1, 2, 3, 4]);
});

test("a room that was left is quiet, and goes on from where one was", async () => {
  const { chat, news } = await inLobby();
  chat.room("lobby").leave();
  last().events(3, 3);
  deepEqual(seqs(news), [1, 2]);
  chat.room("lobby").join();
  last().joined(3, 3);
  last().events(3, 3);
  deepEqual(seqs(news), [1, 2, 3]);
});

test("an answer to a join that was taken back counts for nothing", async () => {
  world();
  const { chat: made, news } = await chat();
  last().welcome();
  made.room("lobby").join().leave();
  made.room("lobby").join();
  last().joined(1, 2); // to the first
  last().events(1, 1);
  deepEqual(news, []);
  last().ok("leave");
  last().joined(1, 2);
  last().events(1, 2);
  deepEqual(seqs(news), [1, 2]);
});

test("a room that does not let one in is not asked again until one says so", async () => {
  world();
  const { chat: made, news } = await chat();
  last().welcome();
  made.room("attic").join();
  last().no("join", "forbidden");
  ok(news[0]?.type === "refused" && news[0].error.code === "forbidden");
  await lineBreaks();
  deepEqual(last().heard, []);
  made.room("attic").join();
  equal(last().asked("join")["room"], "attic");
});

test("a room that lets nobody in for now is asked again", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  made.room("attic").join();
  last().no("join", "unavailable", { retry_ms: 700 });
  tick(699);
  deepEqual(last().heard, []);
  tick(1);
  equal(last().asked("join")["room"], "attic");
});

test("a read mark is told once a second at most, and after a loss of the line", async () => {
  const { chat } = await inLobby();
  const lobby = chat.room("lobby");
  lobby.read(1);
  lobby.read(2);
  equal(last().asked("read")["seq"], 1);
  deepEqual(last().heard, []);
  await lineBreaks();
  equal(last().heard.find((frame) => frame.type === "read")?.["seq"], 2);
  last().ok("read", { seq: 2, unread: 0, mentions: 0 });
  lobby.read(5);
  ok(!last().heard.some((frame) => frame.type === "read"));
  tick(1000);
  last().ok("read", { seq: 5, unread: 0, mentions: 0 });
  tick(2000);
  lobby.read(4);
  ok(!last().heard.some((frame) => frame.type === "read"));
});

test("typing is told as often as it has to be", async () => {
  const { chat } = await inLobby();
  const lobby = chat.room("lobby");
  for (let i = 0; i < 50; i++) lobby.typing();
  last().asked("typing");
  deepEqual(last().heard, []);
  tick(3000);
  lobby.typing();
  last().asked("typing");
  lobby.send("there");
  lobby.typing();
  last().asked("typing");
});

test("rooms and names are the same in either Unicode form", async () => {
  world();
  const { chat: made } = await chat();
  equal(made.room("caf\u00e9"), made.room("cafe\u0301"));
  equal(sockets.length, 1);
});

test("a listener that throws keeps no other from hearing", async () => {
  const { chat, news } = await inLobby();
  const thrown: unknown[] = [];
  (globalThis as unknown as Record<string, unknown>)["reportError"] = (error: unknown) => thrown.push(error);
  chat.listen(() => {
    throw new Error("the page's own");
  });
  const heard: string[] = [];
  chat.listen((one) => heard.push(one.type));
  last().events(3, 3);
  deepEqual(seqs(news), [1, 2, 3]);
  deepEqual(heard, ["event"]);
  equal(thrown.length, 1);
});
