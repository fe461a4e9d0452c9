import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, enter, heard, lines, message, open, say, serve, speaker, tell, texts } from "./world.mjs";

after(close);

const broken = { allowed: /net::ERR_|WebSocket connection to/ };
const written = ["first", "second", "third"];
const offline = (page, n) => page.getByText(n > 0 ? `Offline. ${n} messages will be sent when you’re back` : "Offline. Trying to reconnect").waitFor();

test("who was offline for a while has said all once, has missed nothing, and is where they were", async (t) => {
  const { url } = await serve(t, { args: ["--rate", "off"] });
  const grace = await open(t, url);
  await enter(grace, "grace");
  for (let i = 1; i <= 40; i++) await say(grace, `line ${i}`);
  await heard(grace, "line 40");
  const ada = await open(t, url, broken);
  await enter(ada, "ada");
  await heard(ada, "line 40");

  await ada.context().setOffline(true);
  await offline(ada, 0);
  for (const text of written) await say(ada, text);
  await offline(ada, 3);
  assert.equal(await ada.getByText(/goes out/).count(), 0);
  for (let i = 41; i <= 60; i++) await say(grace, `line ${i}`);
  await heard(grace, "line 60");
  // Further up, where they read.
  await lines(ada).evaluate((box) => box.scrollTo(0, 200));
  const place = () => message(ada, "line 12").evaluate((row) => row.getBoundingClientRect().top);
  const before = await place();
  await ada.context().setOffline(false);

  await ada.getByText("Back. Caught up, 20 new messages").waitFor();
  await heard(ada, "third");
  await heard(grace, "third");
  assert.equal(await place(), before);
  const said = await texts(grace);
  assert.deepEqual(said, [...Array.from({ length: 60 }, (_, i) => `line ${i + 1}`), ...written]);
  assert.deepEqual(await texts(ada), said);
  await ada.getByRole("status").getByText(/^Back/).waitFor({ state: "hidden" });
});

test("who missed nothing is told so", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url, broken);
  await enter(ada, "ada");
  await ada.context().setOffline(true);
  await offline(ada, 0);
  await ada.context().setOffline(false);
  await ada.getByText("Back. Caught up, nothing missed").waitFor();
});

test("what was edited, deleted and reacted to meanwhile is so when one is back", async (t) => {
  const { url } = await serve(t);
  const grace = await speaker(t, url, "grace");
  const seqs = [];
  for (const text of ["to edit", "to delete", "to like"]) seqs.push(await tell(grace, "general", text));
  const ada = await open(t, url, broken);
  await enter(ada, "ada");
  await heard(ada, "to like");
  await ada.context().setOffline(true);
  await offline(ada, 0);
  await grace.room("general").edit(seqs[0], "edited meanwhile");
  await grace.room("general").delete(seqs[1]);
  await grace.room("general").react(seqs[2], "💚");
  await ada.context().setOffline(false);
  await ada.locator("li[data-seq]").filter({ hasText: "edited meanwhile" }).waitFor();
  await heard(ada, "Message deleted");
  await message(ada, "to like").getByRole("button", { name: /💚/ }).waitFor();
  assert.equal(await ada.locator("li[data-seq]").count(), 3);
});

test("what waits to be sent outlives a reload", async (t) => {
  const { url } = await serve(t);
  const grace = await open(t, url);
  await enter(grace, "grace");
  const ada = await open(t, url);
  await enter(ada, "ada");
  let away = true;
  await ada.routeWebSocket(/\/ws/, (page) => (away ? page.close({ code: 1013 }) : page.connectToServer()));
  await ada.reload();
  await offline(ada, 0);
  for (const text of written) await say(ada, text);
  await ada.reload();
  await offline(ada, 3);
  away = false;
  await ada.getByRole("button", { name: "Try now" }).click();
  await heard(ada, "third");
  await heard(grace, "third");
  assert.deepEqual(await texts(grace), written);
});

for (const [how, signal] of [["crashes", "SIGKILL"], ["drains", "SIGTERM"]]) {
  test(`a server that ${how} and comes again has all that was said, and gets what was written meanwhile, once`, async (t) => {
    const first = await serve(t);
    const ada = await open(t, first.url, broken);
    await enter(ada, "ada");
    const grace = await open(t, first.url, broken);
    await enter(grace, "grace");
    await say(grace, "before");
    await heard(ada, "before");

    await first.end(signal);
    await offline(ada, 0);
    for (const text of written) await say(ada, text);
    await offline(ada, 3);
    await serve(t, { port: first.port, dir: first.dir });
    for (const page of [ada, grace]) {
      await heard(page, "third");
      assert.deepEqual(await texts(page), ["before", ...written]);
    }
    await ada.getByRole("status").getByText(/^Back/).waitFor({ state: "hidden" });
    // The same person still.
    await message(ada, "third").hover();
    await message(ada, "third").getByRole("button", { name: "Edit" }).waitFor();
  });
}

test("a message that was with the server when the line broke is said once", async (t) => {
  const { url } = await serve(t);
  const grace = await open(t, url);
  await enter(grace, "grace");
  const ada = await open(t, url, broken);
  // The first time, the server takes it, and its answer is lost with the line.
  let taken = false;
  await ada.routeWebSocket(/\/ws/, (page) => {
    const server = page.connectToServer();
    let dead = false;
    page.onMessage(async (frame) => {
      server.send(frame);
      if (taken || JSON.parse(frame).type !== "send") return;
      taken = dead = true;
      await heard(grace, "into the tunnel");
      await page.close({ code: 1012 });
    });
    server.onMessage((frame) => !dead && page.send(frame));
  });
  await ada.reload();
  await enter(ada, "ada");
  await say(ada, "into the tunnel");
  await heard(ada, "into the tunnel");
  await say(ada, "and out");
  for (const page of [ada, grace]) {
    await heard(page, "and out");
    assert.deepEqual(await texts(page), ["into the tunnel", "and out"]);
  }
});

test("a room whose history was put back is begun anew", async (t) => {
  const first = await serve(t, { args: ["--store", "memory"] });
  const ada = await open(t, first.url, { allowed: /net::ERR_|WebSocket connection to|status of 401/ }); // the pass is of the first life, too
  await enter(ada, "ada");
  await say(ada, "of the first life");
  await heard(ada, "of the first life");
  await first.end("SIGKILL");
  await offline(ada, 0);
  const second = await serve(t, { port: first.port, args: ["--store", "memory"] });
  const grace = await speaker(t, second.url, "grace");
  await tell(grace, "general", "of the second life");
  await heard(ada, "of the second life");
  assert.deepEqual(await texts(ada), ["of the second life"]);
});

for (const [code, want] of [
  [1008, "Stopped: the server can’t read what this page sends (code 1008)"],
  [4401, "Signed out: "],
  [4403, "Signed out: you have been banned"],
  [4409, "Signed out: this chat was opened elsewhere in your name"],
]) {
  test(`a line that ends with ${code} stays ended until the person acts`, async (t) => {
    const { url } = await serve(t);
    const ada = await open(t, url);
    let opened = 0;
    await ada.routeWebSocket(/\/ws/, (page) => {
      opened++;
      const server = page.connectToServer();
      page.onMessage((frame) => (frame.includes("end it") ? page.close({ code }) : server.send(frame)));
    });
    await ada.reload();
    await enter(ada, "ada");
    await say(ada, "end it");
    await ada.getByRole("status").getByText(want).waitFor();
    assert.equal(opened, 1);
  });
}

test("what one wrote stands in the room as it is sent", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url);
  let letGo;
  await ada.routeWebSocket(/\/ws/, (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => {
      if (JSON.parse(frame).type === "send") letGo = () => server.send(frame);
      else server.send(frame);
    });
  });
  await ada.reload();
  await enter(ada, "ada");
  await say(ada, "on its way");
  await ada.locator("li.message.sending").filter({ hasText: "on its way" }).waitFor();
  const element = await ada.locator("li.message.sending").elementHandle();
  letGo();
  await heard(ada, "on its way");
  assert.ok(await element.evaluate((row) => row.isConnected && row.dataset.seq !== undefined), "it is the same element");
});
