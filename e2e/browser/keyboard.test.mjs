import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, heard, open, serve } from "./world.mjs";

after(close);

/** focused is how what has the focus is called; nothing is called "". */
function focused(page) {
  return page.evaluate(() => {
    const { activeElement: part, body } = document;
    return part === body ? "" : (part.getAttribute("aria-label") ?? part.textContent);
  });
}

/** tabTo walks on by Tab until the focus is on what is called name. */
async function tabTo(page, name) {
  const seen = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (now.includes(name)) {
      const ring = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement.closest(".grow") ?? document.activeElement);
        return `${style.outlineStyle} ${style.outlineWidth}`;
      });
      assert.equal(ring, "solid 2px", `the focus on ${name} is seen`);
      return;
    }
    seen.push(now);
  }
  assert.fail(`Tab never came to ${name}, but to ${seen.join(", ")}`);
}

test("one joins, writes, looks who is here and leaves by keyboard alone", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { viewport: { width: 800, height: 700 } });
  await page.waitForFunction(() => document.activeElement.name === "name");
  await page.keyboard.type("ada");
  await page.keyboard.press("Enter");
  await page.getByText("You joined as ada").waitFor();
  await page.waitForFunction(() => document.activeElement.id === "composer");

  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await heard(page, "first line\nsecond line");
  await page.keyboard.type("another");
  await page.keyboard.press("Enter");
  await heard(page, "another");

  await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(page), "Messages");
  await page.keyboard.press("ArrowUp");
  assert.match(await focused(page), /^ada: another/);
  await page.keyboard.press("ArrowUp");
  assert.match(await focused(page), /ada: first line/);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement.id === "composer");

  await tabTo(page, "1 person here");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "People" }).getByText("ada").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.match(await focused(page), /1 person here/);

  await tabTo(page, "Leave");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Join" }).waitFor();
});

test("a screen reader hears what others say, and not what one says oneself", async (t) => {
  const { url } = await serve(t);
  const pages = [];
  for (const name of ["ada", "grace"]) {
    const page = await open(t, url);
    await page.getByLabel("Your name").fill(name);
    await page.keyboard.press("Enter");
    await page.getByText(`You joined as ${name}`).waitFor();
    pages.push(page);
  }
  const [ada, grace] = pages;
  await ada.keyboard.type("from ada");
  await ada.keyboard.press("Enter");
  await grace.getByRole("log").getByText("ada: from ada").waitFor();
  await grace.keyboard.type("from grace");
  await grace.keyboard.press("Enter");
  await ada.getByRole("log").getByText("grace: from grace").waitFor();
  assert.deepEqual(await ada.getByRole("log").locator("p").allTextContents(), ["grace: from grace"]);
});
