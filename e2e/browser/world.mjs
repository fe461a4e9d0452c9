// What the browser tests share: a server of their own, a browser, and pages that
// report whatever they complain of.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const chrome = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--disable-extensions", "--no-first-run",
];

/** serve starts `parley serve`; port 0 picks a free one. */
export async function serve(t, { port = 0, args = [] } = {}) {
  const dir = await mkdtemp(path(tmpdir(), "parley-browser-"));
  const node = spawn(process.env.PARLEY, ["serve", "--listen", `127.0.0.1:${port}`, "--store", "memory", ...args], {
    cwd: dir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(node, "exit");
  const end = async (signal) => {
    node.kill(signal);
    await gone;
  };
  t.after(async () => {
    // Windows first: they would complain of a server that is gone.
    for (const context of opened.get(t) ?? []) await context.close();
    await end("SIGKILL");
    await rm(dir, { recursive: true });
  });
  for await (const line of createInterface(node.stdout)) {
    const url = /^listening on (http:\S+)$/.exec(line)?.[1];
    if (url) return { url: `${url}/`, port: new URL(url).port, end };
  }
  assert.fail("parley serve ended before it listened");
}

let browser;
const opened = new WeakMap(); // the windows of each test

/**
 * open is a new window with a person of its own in front of it. At the test's end it
 * has thrown nothing, violated no policy and written no error, but for those that
 * match allowed.
 */
export async function open(t, url, { allowed, ...options } = {}) {
  browser ??= await chromium.launch({ executablePath: chrome, args: flags });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  opened.set(t, [...(opened.get(t) ?? []), context]);
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

/** close ends the browser; each file calls it once, after all its tests. */
export async function close() {
  await browser?.close();
}

/** enter goes through the door. */
export async function enter(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText(`You joined as ${name}`).waitFor();
}

export async function say(page, text) {
  await page.getByRole("textbox", { name: /^Message #/ }).fill(text);
  await page.keyboard.press("Enter");
}

/** heard waits until text stands in the room, said and not on its way. */
export async function heard(page, text) {
  await page.locator("li.message:not(.waiting, .sent, .held, .refused, .unsure) .text").getByText(text, { exact: true }).waitFor();
}

/** texts are all messages that stand in the room. */
export function texts(page) {
  return page.locator("li.message .text").allTextContents();
}

/** fits says that the page does not scroll sideways, as a whole or in one of its parts. */
export async function fits(page, where) {
  const wide = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll("body, main, nav, aside, dialog, header, form, .lines, .card")]
      .filter((part) => part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > innerWidth + 1)
      .map((part) => `${part.tagName}.${part.className} ${part.scrollWidth} > ${part.clientWidth}`),
  );
  assert.deepEqual(wide, [], `wider than its place: ${where}`);
}
