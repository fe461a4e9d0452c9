import assert from "node:assert/strict";
import { after, test } from "node:test";
import { arrived, close, enter, goTo, heard, lines, message, open, say, serve, speaker, tell, texts } from "./world.mjs";

after(close);

/** spoken is a room in which grace said n things: "line 1" and so on. */
async function spoken(t, n) {
  const { url } = await serve(t, { args: ["--rate", "off"] });
  const grace = await speaker(t, url, "grace");
  for (let from = 1; from <= n; from += 100) {
    await Promise.all(Array.from({ length: Math.min(100, n - from + 1) }, (_, i) => tell(grace, "general", `line ${from + i}`)));
  }
  return { url, grace };
}

const numbers = async (page) => (await texts(page)).map((text) => Number(/^line (\d+)$/.exec(text)?.[1])).filter(Boolean);
const inOrder = (seen) => seen.every((n, i) => i === 0 || n === seen[i - 1] + 1);
const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2;
const top = (page, text) => message(page, text).evaluate((row) => row.getBoundingClientRect().top);

test("older messages load before one reaches them, and what one reads stays in its place", async (t) => {
  const { url } = await spoken(t, 500);
  const page = await open(t, url);
  await enter(page, "ada");
  await heard(page, "line 500");
  let first = Math.min(...(await numbers(page)));
  await lines(page).hover();
  while (first > 1) {
    // What stands at the top edge is what one reads.
    const read = await lines(page).evaluate((box) => {
      box.scrollTop = Math.max(0, box.scrollTop - 700);
      const edge = box.getBoundingClientRect().top;
      const row = [...box.querySelectorAll("li[data-seq]")].find((row) => row.getBoundingClientRect().bottom > edge + 40);
      return { text: row.querySelector(".text").textContent, top: row.getBoundingClientRect().top };
    });
    const before = first;
    await page.waitForFunction((before) => {
      const box = document.querySelector(".lines");
      const first = Number(/\d+/.exec(box.querySelector("li[data-seq] .text").textContent)[0]);
      return first < before || box.scrollTop > box.clientHeight || first === 1;
    }, before);
    assert.ok(Math.abs((await top(page, read.text)) - read.top) < 1, `${read.text} moved`);
    first = Math.min(...(await numbers(page)));
  }
  const seen = await numbers(page);
  assert.equal(seen.length, 500);
  assert.ok(inOrder(seen));
  await lines(page).evaluate((box) => box.scrollTo(0, 0));
  await page.getByText("This is where #general begins").waitFor();
});

test("a search leads to an old message among those around it, and the way back leads to the newest", async (t) => {
  const { url, grace } = await spoken(t, 900);
  await grace.room("general").edit(300, "the needle in the haystack").catch(() => {});
  const page = await open(t, url);
  await enter(page, "ada");
  await heard(page, "line 900");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("needle hay");
  const found = page.getByRole("option").filter({ hasText: "the needle in the haystack" });
  await found.getByText("grace").waitFor();
  await found.click();
  const needle = page.locator("li.found").filter({ hasText: "the needle in the haystack" });
  await needle.waitFor();
  assert.ok(await needle.evaluate((row) => row.getBoundingClientRect().top > 52 && row.getBoundingClientRect().bottom < innerHeight));
  await heard(page, "line 299");
  assert.ok(!(await numbers(page)).includes(900));

  // Reading on leads to the newest without a hole.
  while (!(await lines(page).evaluate((box) => box.querySelector("li[data-seq]:last-child .text").textContent === "line 900"))) {
    await lines(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const seen = await numbers(page);
  assert.equal(seen.at(-1), 900);
  assert.deepEqual([...new Set(seen.map((n, i) => n - (seen[i - 1] ?? n - 1)))].sort(), [1, 2], "no hole but the message that was edited");
});

test("from an old message, one press leads to the newest, and what came meanwhile is there", async (t) => {
  const { url, grace } = await spoken(t, 400);
  const page = await open(t, url);
  await enter(page, "ada");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("combobox").fill("line 7");
  await page.getByRole("option").filter({ hasText: /line 7$/ }).click();
  await page.locator("li.found").getByText("line 7", { exact: true }).waitFor();
  await tell(grace, "general", "meanwhile");
  await page.getByRole("button", { name: "1 new · jump to newest" }).click();
  await heard(page, "meanwhile");
  await page.waitForFunction(atEnd, await lines(page).elementHandle());
  assert.ok(inOrder(await numbers(page)));
});

test("a search in all rooms leads into another room", async (t) => {
  const { url } = await serve(t);
  const grace = await speaker(t, url, "grace");
  await tell(grace, "attic", "an old lamp");
  await tell(grace, "general", "a new lamp");
  const page = await open(t, url);
  await enter(page, "ada");
  const found = page.getByRole("option").filter({ hasText: /an? \w+ lamp/ });
  const look = async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("lamp");
  };
  await look();
  await found.nth(1).waitFor();
  await page.getByLabel("Only in").check();
  await found.nth(1).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await look();
  await found.filter({ hasText: "old lamp" }).click();
  await page.locator("li.found").getByText("an old lamp").waitFor();
  assert.equal(new URL(page.url()).hash, "#attic");
});

test("a reply to a message far back asks for it, and leads there", async (t) => {
  const { url, grace } = await spoken(t, 300);
  await tell(grace, "general", "as I said", 5);
  const page = await open(t, url);
  await enter(page, "ada");
  const quote = message(page, "as I said").getByRole("button", { name: "In answer to grace: line 5" });
  await quote.click();
  await page.locator("li.found").getByText("line 5", { exact: true }).waitFor();
});

test("one comes back to a room where one's reading ended", async (t) => {
  const { url } = await serve(t, { args: ["--rate", "off"] });
  const grace = await speaker(t, url, "grace");
  const page = await open(t, url);
  await enter(page, "ada");
  await tell(grace, "general", "read");
  await heard(page, "read");
  await page.waitForFunction(() => document.title === "#general · Parley");
  await goTo(page, "attic");
  for (let i = 1; i <= 60; i++) await tell(grace, "general", `line ${i}`);
  await page.getByRole("link", { name: "#general" }).locator(".badge").getByText("60").waitFor();
  await page.reload();
  await arrived(page);
  await page.getByRole("link", { name: "#general" }).locator(".badge").getByText("60").waitFor();
  await page.getByRole("link", { name: "#general" }).click();
  const line = page.getByText("New since you were here");
  await line.waitFor();
  assert.ok(await line.evaluate((row) => row.getBoundingClientRect().top > 52 && row.getBoundingClientRect().bottom < innerHeight));
  assert.equal(await page.locator("li.new + li .text").textContent(), "line 1");
  // Not read yet: the newest are out of sight.
  assert.equal(await page.title(), "(60) #general · Parley");
  await lines(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
  await page.waitForFunction(() => document.title === "#general · Parley");
});

test("a room of a thousand messages stays quick", async (t) => {
  const { url, grace } = await spoken(t, 1000);
  const page = await open(t, url);
  await enter(page, "ada");
  while ((await page.locator("li[data-seq]").count()) < 1000) {
    await lines(page).evaluate((box) => box.scrollTo(0, 0));
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.getByRole("button", { name: /newest/ }).click();
  await page.waitForFunction(atEnd, await lines(page).elementHandle());
  // How long the page is busy with each of 50 messages that come.
  const busy = page.evaluate(
    () =>
      new Promise((resolve) => {
        const rows = document.querySelector(".lines > ol");
        const kept = new Set(rows.children);
        let drawn = 0;
        new MutationObserver((changes) => {
          drawn += changes.filter(({ target }) => target === rows || kept.has(target.closest?.("li"))).length;
          if (rows.lastElementChild.textContent.includes("last of them")) resolve({ drawn, kept: [...kept].filter((row) => row.isConnected).length });
        }).observe(rows, { childList: true, subtree: true, characterData: true });
      }),
  );
  const began = Date.now();
  for (let i = 0; i < 50; i++) await tell(grace, "general", i === 49 ? "last of them" : `more ${i}`);
  const { drawn, kept } = await busy;
  const took = Date.now() - began;
  console.log(`50 messages into a room of 1,000: ${took} ms, ${drawn} changes in the list`);
  assert.ok(kept >= 1000, "rows that did not change are the same elements");
  assert.ok(drawn <= 100, `${drawn} changes for 50 messages`);
  const echo = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const rows = document.querySelector(".lines > ol");
        new MutationObserver(() => resolve(performance.now() - pressed)).observe(rows, { childList: true });
        const field = document.getElementById("composer");
        field.value = "mine";
        field.dispatchEvent(new Event("input", { bubbles: true }));
        const pressed = performance.now();
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
      }),
  );
  console.log(`from Enter to one's own message on the screen: ${Math.round(echo)} ms`);
  assert.ok(echo < 100, `${echo} ms`);
  await say(page, "after");
  await heard(page, "after");
});
