// What the browser tests share: a server of their own, a browser, pages that report
// whatever they complain of, and people who write without a page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // which the client of web/dist expects, and Node 20 lacks
const { connect } = await import("../../web/dist/parley.js");

export const chrome = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--disable-extensions", "--no-first-run",
];

/** serve starts `parley serve`, in a folder of its own unless it is given one of before; port 0 picks a free one. */
export async function serve(t, { port = 0, args = [], dir = null } = {}) {
  const home = dir ?? (await mkdtemp(path(tmpdir(), "parley-browser-")));
  const node = spawn(process.env.PARLEY, ["serve", "--listen", `127.0.0.1:${port}`, ...args], { cwd: home, stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(node, "exit");
  const end = async (signal) => {
    node.kill(signal);
    await gone;
  };
  t.after(async () => {
    // Windows and speakers first: they would complain of a server that is gone.
    for (const close of opened.get(t)?.splice(0) ?? []) await close();
    await end("SIGKILL");
    await rm(home, { recursive: true, force: true });
  });
  for await (const line of createInterface(node.stdout)) {
    const url = /^listening on (http:\S+)$/.exec(line)?.[1];
    if (url) return { url: `${url}/`, port: new URL(url).port, dir: home, end };
  }
  assert.fail("parley serve ended before it listened");
}

let browser;
const opened = new WeakMap(); // how to close the windows and speakers of each test

function closing(t, close) {
  opened.set(t, [...(opened.get(t) ?? []), close]);
}

/**
 * open is a new window with a person of its own in front of it. At the test's end it
 * has thrown nothing, violated no policy and written no error, but for those that
 * match allowed.
 */
export async function open(t, url, { allowed, ...options } = {}) {
  browser ??= await chromium.launch({ executablePath: chrome, args: flags });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  closing(t, () => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  t.after(() => assert.deepEqual(complaints.filter((text) => !allowed?.test(text)), []));
  await page.goto(url);
  return page;
}

/** speaker is somebody who is there without a page. */
export async function speaker(t, url, name) {
  const chat = connect({ url, name, storage: null });
  closing(t, () => chat.close());
  await new Promise((resolve) => {
    const look = () => chat.state.user?.name === name && resolve();
    chat.subscribe(look);
    look();
  });
  return chat;
}

/** tell has a speaker say something, and gives its seq. */
export async function tell(chat, room, text, replyTo = 0) {
  return (await chat.room(room).send(text, replyTo).written).seq;
}

/** close ends the browser; each file calls it once, after all its tests. */
export async function close() {
  await browser?.close();
}

/** enter goes through the door. */
export async function enter(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join" }).click();
  await arrived(page);
}

/** arrived waits until the server has told all that the room on the screen holds. */
export async function arrived(page) {
  await page.locator('.lines[aria-busy="false"]').waitFor();
}

export function composer(page) {
  return page.getByRole("textbox", { name: /^Message #/ });
}

export function lines(page) {
  return page.getByRole("region", { name: "Messages" });
}

export async function say(page, text) {
  await composer(page).fill(text);
  await page.keyboard.press("Enter");
}

/** goTo shows another room. */
export async function goTo(page, room) {
  await page.getByLabel("Go to a room").fill(room);
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: `Message #${room.replace(/^#/, "")}` }).waitFor();
  await arrived(page);
}

/** message is a message that is in the room's log, by its whole text. */
export function message(page, text) {
  return page.locator("li[data-seq]").filter({ has: page.locator(".text").getByText(text, { exact: true }) });
}

/** heard waits until text stands in the room, said and not on its way. */
export async function heard(page, text) {
  await message(page, text).first().waitFor();
}

/** texts are all messages that stand in the room. */
export function texts(page) {
  return page.locator("li.message .text").allTextContents();
}

/** watch has somebody look at the page, or nobody any more, as another window in front of it would. */
export async function watch(page, watched) {
  await page.evaluate((watched) => {
    document.hasFocus = () => watched;
    window.dispatchEvent(new Event(watched ? "focus" : "blur"));
  }, watched);
}

/** fits says that the page does not scroll sideways, as a whole or in one of its parts. */
export async function fits(page, where) {
  const wide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("body, main, nav, aside, dialog, header, form, .lines, .card, .popup-inside, .finder-inside")]
      .filter((part) => part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > innerWidth + 1)
      .map((part) => `${part.tagName}.${part.className} ${part.scrollWidth} > ${part.clientWidth}`),
  );
  assert.deepEqual(wide, [], `wider than its place: ${where}`);
}
