import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../src/client/backoff";
import { closing } from "../src/client/closing";
import type { Chat } from "../src/client/types";
import { chat, happens, keep, last, settled, sockets, tick, world } from "./peer";

function line(made: Chat): string {
  const { line } = made.state;
  return line.is === "closed" || line.is === "offline" ? `${line.is} ${line.why}` : line.is;
}

/** refused has the server refuse the upgrade that is under way. */
async function refused(): Promise<void> {
  last().break();
  await settled();
}

test("attempts spread over a time that doubles up to half a minute", () => {
  equal(backoff(0, 0, () => 1), 1000);
  equal(backoff(3, 0, () => 1), 8000);
  equal(backoff(9999, 0, () => 1), 30_000);
  equal(backoff(99, 0, () => 0), 0);
  equal(backoff(0, 2000, () => 0), 2000);
});

test("a close code says whether to come back", () => {
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4429, 4500]) equal(closing(code).then, "again", `${code}`);
  for (const code of [1002, 1003, 1007, 1008, 1009, 4401, 4403, 4409]) equal(closing(code).then, "stop", `${code}`);
  for (const code of [1011, 1013, 4429]) {
    const after = closing(code);
    ok(after.then === "again" && after.least > 0, `${code}`);
  }
});

test("the dialect is asked for beside what proves who one is", async () => {
  world();
  await chat({ url: "https://chat.example/below?x=1#y", token: async () => "jwt" });
  equal(`${last().url}`, "wss://chat.example/below/ws");
  deepEqual(last().protocols, ["parley.v1", "parley.token.jwt"]);
});

test("a guest is the same guest the next time, under the name of last time", async () => {
  const storage = keep();
  world();
  const first = await chat({ storage, name: "ada" });
  deepEqual(last().protocols, ["parley.v1"]);
  last().welcome("guest.1", { pass: "pass1.old" });
  ok(first.chat.state.guest);
  equal(last().heard[0]?.["name"], "ada");
  last().ok("rename", { user: { id: "guest.1", name: "ada" }, pass: "pass1.new" });
  equal(first.chat.state.user?.name, "ada");
  world();
  await chat({ storage });
  deepEqual(last().protocols, ["parley.v1", "parley.token.pass1.new"]);
});

test("a name is told before any room is joined, and a refused one leaves the old", async () => {
  world();
  const { chat: made } = await chat();
  made.room("lobby").join();
  const renamed = made.rename("\u202e");
  last().welcome();
  deepEqual(last().heard.map((frame) => frame.type), ["rename", "join"]);
  last().no("rename", "invalid_name");
  await rejects(renamed, { code: "invalid_name" });
  equal(made.state.user?.name, "ada");
  last().break();
  tick(1000);
  await settled();
  last().welcome();
  deepEqual(last().heard.map((frame) => frame.type), ["join"]);
});

test("what is asked before the first line waits for it, and no longer", async () => {
  world();
  const { chat: made } = await chat();
  const rooms = made.do("rooms", {});
  last().welcome();
  last().ok("rooms", { rooms: [] });
  deepEqual((await rooms).rooms, []);

  const open = made.do("ping", {});
  last().break();
  await rejects(open, { code: "lost" });
  await rejects(made.do("ping", {}), { code: "offline" });
});

test("an answer that is none is an error", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  const asked = made.do("history", { room: "lobby" });
  last().ok("history", { events: [{ seq: "1" }], first: 1, head: 1 });
  await rejects(asked, { code: "internal" });
});

test("a frame of a kind that is not known yet is passed over", async () => {
  world();
  const { chat: made, news } = await chat();
  last().welcome();
  last().say({ type: "confetti", room: "lobby" });
  last().onmessage?.({ data: "{" });
  last().say([]);
  deepEqual(news, []);
  equal(line(made), "open");
});

test("an error that names no command refuses what was asked, for its answer would never come", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  const asked = made.do("ping", {});
  last().say({ type: "error", code: "invalid_json", text: "no JSON" });
  await rejects(asked, { code: "invalid_json" });
});

test("a line is tried again, later and later, until one has held", async () => {
  world();
  const { chat: made } = await chat();
  for (const wait of [500, 1000, 2000, 4000]) {
    last().welcome().break();
    ok(made.state.line.is === "offline" && made.state.line.retryAt === Date.now() + wait, `${JSON.stringify(made.state.line)}`);
    tick(wait);
    await settled();
  }
  last().welcome();
  for (let i = 0; i < 10; i++) {
    tick(1000);
    last().say({ type: "ok", id: "alive", time: 0 });
  }
  last().break(1001);
  ok(made.state.line.is === "offline" && made.state.line.retryAt === Date.now() + 500);
});

test("a line that is offline says since when", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome().break();
  const since = Date.now();
  for (let i = 0; i < 3; i++) {
    tick(10_000);
    await settled();
    await refused();
  }
  ok(made.state.line.is === "offline" && made.state.line.since === since);
});

test("a silent server is asked, and given up when it does not answer", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  tick(20_000);
  last().ok("ping", { time: 0 });
  tick(20_000);
  last().asked("ping");
  equal(line(made), "open");
  tick(10_000);
  equal(line(made), "offline null");
  ok(last().closed);
});

test("an upgrade that hangs is given up", async () => {
  world();
  const { chat: made } = await chat();
  tick(10_000);
  ok(sockets[0]?.closed);
  await settled();
  equal(line(made), "offline null");
});

test("a machine that slept finds out within seconds that its line is dead", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  const wakes = Date.now() + 3_600_000;
  Date.now = () => wakes; // the clock has gone on, the timers have not
  tick(500);
  equal(last().heard.length, 1);
  Date.now = () => wakes + 1000;
  tick(1000);
  equal(line(made), "offline null");
});

test("now has a line that is there prove it, and opens one where there is none", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  made.now();
  last().ok("ping", { time: 0 });
  tick(5000);
  equal(line(made), "open");
  last().break();
  made.now();
  await settled();
  equal(sockets.length, 2);
  made.now();
  await settled();
  equal(sockets.length, 2);
});

test("a page that is looked at again, or whose network is, tries at once and has its line prove itself", async () => {
  for (const what of ["online", "pageshow", "visibilitychange"] as const) {
    world();
    const { chat: made } = await chat();
    last().welcome();
    happens(what);
    tick(3500);
    equal(line(made), "offline null", what); // the line was dead
    happens(what);
    await settled();
    equal(sockets.length, 2, what);
    made.close();
    happens(what);
    await settled();
    equal(sockets.length, 2, what);
  }
});

test("a page that nobody looks at comes back with its network, and not when it is put away", async () => {
  world();
  await chat();
  last().welcome().break();
  happens("visibilitychange", true);
  await settled();
  equal(sockets.length, 1);
  happens("online", true);
  await settled();
  equal(sockets.length, 2);
});

test("a server that wants a token says so at once, whatever the browser hides", async () => {
  world(() => ({ status: 401, body: { type: "error", code: "unauthenticated", text: "" } }));
  const { chat: made } = await chat();
  await refused();
  equal(line(made), "closed signed_out");
  made.now();
  await settled();
  equal(sockets.length, 2);
});

test("a pass that does not hold any more makes one a new guest", async () => {
  world(() => ({ status: 401, body: { type: "error", code: "unauthenticated", text: "" } }));
  const storage = keep();
  const first = await chat({ storage });
  last().welcome("guest.1");
  first.chat.room("lobby").send("one");
  last().break();
  tick(1000);
  await settled();
  deepEqual(last().protocols, ["parley.v1", "parley.token.pass1.guest.1"]);
  await refused();
  deepEqual(last().protocols, ["parley.v1"]);
  last().welcome("guest.2");
  equal(last().asked("send")["text"], "one"); // by the same person, all the same
});

test("a token that expired is renewed, and one that is the same again is the end", async () => {
  world();
  const tokens = ["one", "two", "two"];
  const { chat: made } = await chat({ token: () => tokens.shift() ?? null });
  last().welcome("ada", {});
  ok(!made.state.guest);
  last().break(4401);
  await settled();
  deepEqual(last().protocols, ["parley.v1", "parley.token.two"]);
  last().welcome("ada", {}).break(4401);
  await settled();
  equal(line(made), "closed signed_out");
});

test("a token that cannot be got now is asked for again", async () => {
  world();
  let there = false;
  const { chat: made } = await chat({
    token: async () => {
      if (!there) throw new Error("no network");
      return "jwt";
    },
  });
  equal(line(made), "offline null");
  there = true;
  tick(1000);
  await settled();
  equal(sockets.length, 1);
});

test("why one is not let in is told", async () => {
  let status = 503;
  world(() => ({ status, body: { type: "error", code: status === 503 ? "draining" : "origin_refused", text: "" } }));
  const { chat: made } = await chat();
  await refused();
  equal(line(made), "offline draining");
  status = 403;
  tick(1000);
  await settled();
  await refused();
  equal(line(made), "closed origin_refused");
});

test("a server that answers but takes no socket is told from one that is away", async () => {
  world(() => ({ status: 200, body: {} }));
  const { chat: made } = await chat();
  for (const want of ["offline null", "offline null", "offline no_socket", "offline no_socket"]) {
    await refused();
    equal(line(made), want);
    made.now();
    await settled();
  }
});

for (const [code, why] of [[1008, "protocol"], [4401, "signed_out"], [4403, "banned"], [4409, "replaced"]] as const) {
  test(`a line that ends with ${code} stays ended until somebody acts`, async () => {
    world();
    const { chat: made } = await chat();
    last().welcome().break(code);
    tick(3_600_000);
    await settled();
    equal(line(made), `closed ${why}`);
    equal(sockets.length, 1);
    made.now();
    await settled();
    equal(line(made), "connecting");
    equal(sockets.length, 2);
  });
}

test("a chat that was closed is closed for good", async () => {
  world();
  const { chat: made } = await chat();
  last().welcome();
  const asked = made.do("ping", {});
  made.close();
  await rejects(asked, { code: "lost" });
  ok(last().closed);
  made.now();
  tick(60_000);
  await settled();
  equal(line(made), "closed done");
  equal(sockets.length, 1);
});
