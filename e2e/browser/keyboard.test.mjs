import assert from "node:assert/strict";
import { after, test } from "node:test";
import { arrived, close, composer, enter, heard, message, open, serve, speaker, tell } from "./world.mjs";

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

const toComposer = (page) => page.waitForFunction(() => document.activeElement.id === "composer");

test("one joins, writes, looks who is here and leaves by keyboard alone", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { viewport: { width: 800, height: 700 } });
  await page.waitForFunction(() => document.activeElement.name === "name");
  await page.keyboard.type("ada");
  await page.keyboard.press("Enter");
  await arrived(page);
  await toComposer(page);

  await page.keyboard.type("first line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("second line");
  await page.keyboard.press("Enter");
  await heard(page, "first line\nsecond line");
  await page.keyboard.type("another");
  await page.keyboard.press("Enter");
  await heard(page, "another");

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

test("one walks to a message and edits, reacts, replies and deletes by keyboard alone", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url);
  await enter(page, "ada");
  const grace = await speaker(t, url, "grace");
  await tell(grace, "general", "hers");
  await toComposer(page);
  await page.keyboard.type("mine");
  await page.keyboard.press("Enter");
  await heard(page, "mine");

  await page.keyboard.press("ArrowUp");
  assert.match(await focused(page), /ada: .*mine/);
  await page.keyboard.press("e");
  await page.getByText("Editing").waitFor();
  assert.equal(await composer(page).inputValue(), "mine");
  await page.keyboard.type(", mended");
  await page.keyboard.press("Enter");
  await page.locator("li[data-seq] .text").filter({ hasText: "mine, mended" }).locator(".edited").waitFor();

  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.match(await focused(page), /grace: .*hers/);
  await page.keyboard.press("e"); // not hers to edit
  await page.keyboard.press("+");
  await page.getByRole("dialog", { name: "React" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.match(await focused(page), /grace: .*hers/);
  await page.keyboard.press("+");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await message(page, "hers").getByRole("button", { name: /👎/ }).waitFor();

  await page.waitForFunction(() => document.activeElement.dataset.seq !== undefined);
  await page.keyboard.press("r");
  await page.getByText("Replying to grace").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Replying to grace").waitFor({ state: "detached" });
  await toComposer(page);

  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Delete");
  await page.getByRole("dialog", { name: "Delete" }).waitFor();
  await page.keyboard.press("Enter");
  await heard(page, "Message deleted");
  await page.keyboard.press("Escape");
  await toComposer(page);
});

test("one finds a room, a person and a message by keyboard alone", async (t) => {
  const { url } = await serve(t);
  const grace = await speaker(t, url, "grace");
  grace.room("general").join();
  const page = await open(t, url);
  await enter(page, "ada");
  await toComposer(page);
  await tell(grace, "attic", "the lamp is up here");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("atti");
  await page.getByRole("option", { name: "#attic" }).waitFor();
  await page.keyboard.press("Enter");
  await heard(page, "the lamp is up here");
  await toComposer(page);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("lamp");
  await page.getByRole("option").filter({ hasText: "the lamp is up here" }).waitFor();
  await page.keyboard.press("ArrowDown"); // to a room of that name
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.locator("li.found").waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByRole("textbox", { name: "Message #general" }).waitFor();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("@gra");
  await page.getByRole("option", { name: "grace" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.getElementById("composer").value === "@grace ");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox").waitFor({ state: "detached" });
  await toComposer(page);
});

test("a search that is opened as another one closes is a new one", async (t) => {
  const { url } = await serve(t);
  const grace = await speaker(t, url, "grace");
  grace.room("general").join();
  const page = await open(t, url);
  await enter(page, "ada");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("@gra");
  await page.getByRole("option", { name: "grace" }).waitFor();
  await page.evaluate(() => {
    document.querySelector(".finder form").requestSubmit(); // nothing is drawn between the two
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true }));
  });
  await page.getByRole("combobox").waitFor();
  assert.equal(await page.getByRole("combobox").inputValue(), "");
  assert.equal(await composer(page).inputValue(), "@grace ");
  await page.keyboard.press("Escape");
  await page.getByRole("combobox").waitFor({ state: "detached" });
  await toComposer(page);
});

test("Alt and Shift lead to the next room with something unread", async (t) => {
  const { url } = await serve(t);
  const grace = await speaker(t, url, "grace");
  const page = await open(t, url);
  await enter(page, "ada");
  for (const room of ["a", "b", "c"]) {
    await page.getByLabel("Go to a room").fill(room);
    await page.keyboard.press("Enter");
    await arrived(page);
  }
  await tell(grace, "b", "hello");
  await page.getByRole("link", { name: "#b" }).locator(".badge").waitFor();
  await page.getByRole("textbox", { name: "Message #c" }).focus();
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await page.getByRole("textbox", { name: "Message #b" }).waitFor();
});

test("a screen reader hears what others say, and not what one says oneself", async (t) => {
  const { url } = await serve(t);
  const pages = [];
  for (const name of ["ada", "grace"]) {
    const page = await open(t, url);
    await enter(page, name);
    await toComposer(page);
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

test("commands are found like rooms", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { viewport: { width: 390, height: 780 } });
  await enter(page, "ada");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("topic");
  await page.getByRole("option", { name: "Change the topic" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByLabel("Topic").fill("Tea and trains");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Tea and trains" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("leave");
  await page.getByRole("option", { name: "Leave", exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Join" }).waitFor();
});
