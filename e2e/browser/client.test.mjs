// /parley.js in pages of another origin, while lines, servers and tabs come to grief.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { after, test } from "node:test";
import { close, open, serve } from "./world.mjs";

after(close);

const broken = { allowed: /net::ERR_|WebSocket connection to|Failed to load resource/ };

/**
 * elsewhere is another site. Its page joins the lobby, and notes every event that it is
 * told and every message that it gives to a socket. It brings the client along, so that
 * it can be loaded while the server is away.
 */
async function elsewhere(t, server) {
  const client = await readFile(new URL("../../web/dist/parley.js", import.meta.url));
  return site(t, client, `<!doctype html><meta charset="utf-8"><title>elsewhere</title><link rel="icon" href="data:,"><script type="module">
    import { connect } from "/parley.js";
    window.chat = connect({ url: ${JSON.stringify(server)} });
    window.told = [];
    chat.listen((news) => news.type === "event" && told.push(news));
    window.lobby = chat.room("lobby").join();
  </script>`);
}

/** site serves a page, and the client beside it. */
async function site(t, client, page) {
  const server = createServer((request, response) => {
    const script = request.url === "/parley.js";
    response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
    response.end(script ? client : page);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

/** lasting is how a server is started whose events outlive it. */
async function lasting(t, ...more) {
  const data = await mkdtemp(path(tmpdir(), "parley-client-"));
  t.after(() => rm(data, { recursive: true }));
  return ["--store", "sqlite", "--data", data, "--rate", "off", ...more];
}

/** noting gathers the keys of what pages send, as often as they do. */
function noting(...pages) {
  const keys = [];
  for (const page of pages) {
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const frame = JSON.parse(payload);
        if (frame.type === "send") keys.push(frame.key);
      }),
    );
  }
  return keys;
}

const isOpen = (page) => page.waitForFunction(() => window.chat?.state.line.is === "open");
const isOffline = (page) => page.waitForFunction(() => window.chat?.state.line.is === "offline");
const hasSent = (page) => page.waitForFunction(() => window.chat?.state.line.is === "open" && window.chat.state.drafts.length === 0);
const now = (page) => page.evaluate(() => window.chat.now());

/** write has a page write so many messages, and tells their keys. */
function write(page, count, of) {
  return page.evaluate(([count, of]) => Array.from({ length: count }, (_, i) => window.lobby.send(`${of} ${i}`).key), [count, of]);
}

/** stored is what the server has of the lobby, asked for without a session. */
async function stored(url) {
  const events = [];
  for (;;) {
    const answer = await fetch(`${url}api/v1/history`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ room: "lobby", after: events.length, limit: 100 }),
    });
    const page = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(page));
    if (page.events.length === 0) return events;
    events.push(...page.events);
  }
}

/** toldAll: a page that was there from the beginning was told each event once, in order. */
async function toldAll(page, events) {
  await page.waitForFunction((seq) => window.lobby.cursor?.seq >= seq, events.length);
  const told = await page.evaluate(() => window.told.map(({ seq, key }) => ({ seq, key })));
  assert.deepEqual(told, events.map(({ seq, key }) => ({ seq, key })));
}

/** inOrder: each of keys was stored once, and those that one page wrote in the order written. */
function inOrder(events, ...written) {
  assert.deepEqual(events.map(({ key }) => key).toSorted(), written.flat().toSorted());
  for (const keys of written) {
    const own = new Set(keys);
    assert.deepEqual(events.map(({ key }) => key).filter((key) => own.has(key)), keys);
  }
}

test("a page of another origin imports the client from the server that it talks to", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, await elsewhere(t, "http://127.0.0.1:1/"), broken); // nobody is there
  const seq = await page.evaluate(async (url) => {
    const { connect, ParleyError } = await import(`${url}parley.js`);
    const chat = connect({ name: "Grace" });
    const refused = await chat.do("history", { room: "" }).catch((error) => error);
    if (!(refused instanceof ParleyError) || refused.code !== "invalid_room") throw refused;
    return (await chat.room("lobby").join().send("hello").written).seq;
  }, url);
  assert.equal(seq, 1);
  const [event] = await stored(url);
  assert.equal(event.user.name, "Grace");
});

test("the example chats from another origin", async (t) => {
  const { url } = await serve(t);
  const example = await readFile(new URL("../../examples/embed.html", import.meta.url), "utf8");
  const page = await open(t, await site(t, "", example.replaceAll("http://localhost:8080/", url)));
  const message = page.getByRole("textbox", { name: "Message" });
  await message.fill("hello <b>there</b>");
  await message.press("Enter");
  await page.getByRole("listitem").getByText("Ada: hello <b>there</b>", { exact: true }).waitFor();
  for (const [command, more, shows] of [["edit", { text: "hi" }, "Ada: hi"], ["delete", {}, "Ada: (deleted)"]]) {
    await page.evaluate(
      async ([url, command, more]) => {
        const { connect } = await import(`${url}parley.js`); // as the same guest, in another place
        const chat = connect();
        await chat.do(command, { room: "general", seq: 1, ...more });
        chat.close();
      },
      [url, command, more],
    );
    await page.getByRole("listitem").getByText(shows, { exact: true }).waitFor();
  }
});

test("what a page writes while its browser is offline is stored once, and what it missed is told in order", async (t) => {
  const { url } = await serve(t, { args: await lasting(t) });
  const address = await elsewhere(t, url);
  const ada = await open(t, address, broken);
  const grace = await open(t, address);
  await Promise.all([isOpen(ada), isOpen(grace)]);

  await ada.context().setOffline(true);
  await isOffline(ada);
  const hers = await write(ada, 20, "ada");
  const others = await write(grace, 250, "grace"); // more than a join without a cursor begins with
  await hasSent(grace);
  await ada.context().setOffline(false);

  await hasSent(ada);
  const events = await stored(url);
  inOrder(events, hers, others);
  for (const page of [ada, grace]) await toldAll(page, events);
});

test("servers that are killed while everybody writes lose nothing, and get nothing twice", async (t) => {
  const args = await lasting(t);
  let server = await serve(t, { args });
  const address = await elsewhere(t, server.url);
  const pages = await Promise.all([1, 2, 3].map(() => open(t, address, broken)));
  await Promise.all(pages.map(isOpen));
  const sends = noting(...pages);
  const written = pages.map(() => []);
  for (let round = 0; round < 5; round++) {
    for (const [i, page] of pages.entries()) written[i].push(...(await write(page, 60, `${i} ${round}`)));
    await server.end("SIGKILL"); // while most of these wait
    for (const [i, page] of pages.entries()) written[i].push(...(await write(page, 5, `${i} ${round}, away`)));
    server = await serve(t, { port: server.port, args });
    await Promise.all(pages.map(now));
  }
  await Promise.all(pages.map(hasSent));
  const events = await stored(server.url);
  inOrder(events, ...written);
  for (const page of pages) await toldAll(page, events);
  t.diagnostic(`${events.length} messages of 3 pages, sent ${sends.length} times, over 5 kills`);
});

test("what a page has not sent outlives its reload", async (t) => {
  const args = await lasting(t);
  let server = await serve(t, { args });
  const address = await elsewhere(t, server.url);
  const ada = await open(t, address, broken);
  await isOpen(ada);
  const me = await ada.evaluate(() => window.chat.state.user.id);
  await server.end("SIGKILL");
  await isOffline(ada);
  const keys = await write(ada, 3, "before");
  for (let i = 0; i < 3; i++) {
    await ada.reload();
    await ada.waitForFunction((count) => window.chat?.state.drafts.length === count, keys.length);
    keys.push(...(await write(ada, 1, `after ${i}`)));
  }
  const sends = noting(ada);
  server = await serve(t, { port: server.port, args });
  await now(ada);
  await hasSent(ada);
  const events = await stored(server.url);
  inOrder(events, keys);
  assert.deepEqual(sends, keys);
  assert.deepEqual([...new Set(events.map(({ user }) => user.id))], [me]);
});

test("two tabs send what each has written, and one what the other left when it crashed", async (t) => {
  const args = await lasting(t);
  let server = await serve(t, { args });
  const address = await elsewhere(t, server.url);
  const first = await open(t, address, broken);
  await isOpen(first);
  const second = await first.context().newPage();
  await second.goto(address);
  await isOpen(second);
  const third = await first.context().newPage();
  await third.goto(address);
  await isOpen(third);
  const ids = await Promise.all([first, second, third].map((page) => page.evaluate(() => window.chat.state.user.id)));
  assert.equal(new Set(ids).size, 1, "one browser, one guest");

  await server.end("SIGKILL");
  const hers = await write(first, 5, "first");
  const left = await write(second, 5, "second");
  const others = await write(third, 5, "third");
  const sends = noting(first, third);
  const crashed = second.waitForEvent("crash");
  await second.goto("chrome://crash").catch(() => {});
  await crashed;
  // Whoever of the others gets the lock of the dead has its drafts.
  const drafts = (page) => page.evaluate(() => window.chat.state.drafts.length);
  while ((await drafts(first)) + (await drafts(third)) < 15) await first.waitForTimeout(20);
  server = await serve(t, { port: server.port, args });
  await Promise.all([first, third].map(now));
  await Promise.all([first, third].map(hasSent));

  const events = await stored(server.url);
  inOrder(events, hers, left, others);
  assert.deepEqual(sends.toSorted(), [...hers, ...left, ...others].toSorted(), "each was sent once");
  for (const page of [first, third]) await toldAll(page, events);
});

test("a line that is dead but not closed is noticed, and nothing is lost by it", async (t) => {
  const { url } = await serve(t, { args: await lasting(t) });
  const address = await elsewhere(t, url);
  const ada = await open(t, address, broken);
  let dead = false;
  await ada.routeWebSocket(/\/ws$/, (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => dead || server.send(frame));
    server.onMessage((frame) => dead || page.send(frame));
  });
  await ada.reload();
  await isOpen(ada);
  dead = true;
  const keys = await write(ada, 5, "into the void");
  await now(ada); // as after a sleep: waiting for the next ping would take half a minute
  await isOffline(ada);
  dead = false;
  await hasSent(ada);
  const events = await stored(url);
  inOrder(events, keys);
  await toldAll(ada, events);
});
