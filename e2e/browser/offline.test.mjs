import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, enter, heard, open, say, serve, texts } from "./world.mjs";

after(close);

const broken = { allowed: /net::ERR_|WebSocket connection to/ };
const written = ["first", "second", "third"];

test("what was written offline is sent once, in order, when one is back", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url, broken);
  await enter(ada, "ada");
  const grace = await open(t, url);
  await enter(grace, "grace");

  await ada.context().setOffline(true);
  await ada.getByText("Offline. Trying to reconnect").waitFor();
  for (const text of written) await say(ada, text);
  await ada.getByText("Offline. 3 messages will be sent when you’re back").waitFor();
  assert.deepEqual(await texts(grace), []);
  await ada.context().setOffline(false);

  await heard(grace, "third");
  await heard(ada, "third");
  assert.deepEqual(await texts(grace), written);
  assert.deepEqual(await texts(ada), written);
});

test("what waits to be sent outlives a reload", async (t) => {
  const { url } = await serve(t);
  const grace = await open(t, url);
  await enter(grace, "grace");
  const ada = await open(t, url);
  await enter(ada, "ada");
  let away = true;
  await ada.routeWebSocket(/\/ws$/, (page) => (away ? page.close({ code: 1013 }) : page.connectToServer()));
  await ada.reload();
  await ada.getByText("Offline. Trying to reconnect").waitFor();
  for (const text of written) await say(ada, text);
  await ada.reload();
  await ada.getByText("Offline. 3 messages will be sent when you’re back").waitFor();
  away = false;
  await ada.getByRole("button", { name: "Try now" }).click();
  await heard(ada, "third");
  await heard(grace, "third");
  assert.deepEqual(await texts(grace), written);
});

for (const [how, signal] of [["crashes", "SIGKILL"], ["drains", "SIGTERM"]]) {
  test(`a server that ${how} and comes again gets what was written meanwhile, once`, async (t) => {
    const first = await serve(t);
    const ada = await open(t, first.url, broken);
    await enter(ada, "ada");
    const grace = await open(t, first.url, broken);
    await enter(grace, "grace");

    await first.end(signal);
    await ada.getByText("Offline. Trying to reconnect").waitFor();
    for (const text of written) await say(ada, text);
    await ada.getByText("Offline. 3 messages will be sent when you’re back").waitFor();
    await serve(t, { port: first.port });
    // Who comes back later has not heard what was said before, so grace comes first.
    await grace.getByRole("button", { name: "Try now" }).click();
    await grace.getByText(/^Back after /).waitFor();

    await heard(ada, "third");
    assert.deepEqual(await texts(ada), written);
    await ada.getByText(/^You were away for/).waitFor();
    await ada.getByRole("status").getByText(/^Back after /).waitFor({ state: "hidden" });
  });
}

test("a message that was with the server when the line broke is left to the person", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url, broken);
  // A line that takes one message and is never heard of again.
  await ada.routeWebSocket(/\/ws$/, (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => (frame.includes("into the void") ? page.close({ code: 1012 }) : server.send(frame)));
  });
  await ada.reload();
  await enter(ada, "ada");
  await say(ada, "into the void");
  await ada.getByText("The line broke: this may not have been sent").waitFor();
  await ada.getByText(/^Back after /).waitFor();
  assert.deepEqual(await texts(ada), ["into the void"]);
  await ada.getByRole("button", { name: "Discard" }).click();
  await say(ada, "heard again");
  await heard(ada, "heard again");
  assert.deepEqual(await texts(ada), ["heard again"]);
});

for (const [code, want] of [
  [1008, "Stopped: the server can’t read what this page sends (code 1008)"],
  [4401, "Signed out: your sign-in has ended"],
  [4403, "Signed out: you have been banned"],
  [4409, "Signed out: this chat was opened elsewhere in your name"],
]) {
  test(`a line that ends with ${code} stays ended until the person acts`, async (t) => {
    const { url } = await serve(t);
    const ada = await open(t, url);
    let lines = 0;
    await ada.routeWebSocket(/\/ws$/, (page) => {
      lines++;
      const server = page.connectToServer();
      page.onMessage((frame) => (frame.includes("end it") ? page.close({ code }) : server.send(frame)));
    });
    await ada.reload();
    await enter(ada, "ada");
    await say(ada, "end it");
    await ada.getByRole("status").getByText(want).waitFor();
    assert.equal(lines, 1);
  });
}
