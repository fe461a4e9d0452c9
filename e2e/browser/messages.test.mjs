import assert from "node:assert/strict";
import { after, test } from "node:test";
import { close, composer, enter, goTo, heard, message, open, say, serve, speaker, tell, texts } from "./world.mjs";

after(close);

/** two are ada and grace, in one room. */
async function two(t, options) {
  const { url } = await serve(t, options);
  const ada = await open(t, url);
  await enter(ada, "ada");
  const grace = await open(t, url);
  await enter(grace, "grace");
  return { url, ada, grace };
}

const more = async (page, text) => {
  await message(page, text).hover();
  await message(page, text).getByRole("button", { name: "More" }).click();
};
const edited = (page, text) => page.locator("li[data-seq] .text").filter({ hasText: text }).filter({ has: page.locator(".edited") });

test("an edit is seen in the other window, and after a reload", async (t) => {
  const { ada, grace } = await two(t);
  await say(ada, "frist");
  await heard(grace, "frist");
  await message(ada, "frist").hover();
  await message(ada, "frist").getByRole("button", { name: "Edit" }).click();
  assert.equal(await composer(ada).inputValue(), "frist");
  await say(ada, "first");
  for (const page of [ada, grace]) await edited(page, "first").waitFor();
  await message(grace, "first").count();
  await grace.reload();
  await edited(grace, "first").waitFor();
  assert.equal(await grace.locator("li[data-seq]").count(), 1);
});

test("an edit leaves what one was writing, and Escape leaves the message", async (t) => {
  const { ada } = await two(t);
  await say(ada, "said");
  await heard(ada, "said");
  await composer(ada).fill("half a thou");
  await message(ada, "said").hover();
  await message(ada, "said").getByRole("button", { name: "Edit" }).click();
  await ada.getByText("Editing").waitFor();
  await composer(ada).fill("changed my mind");
  await ada.keyboard.press("Escape");
  assert.equal(await composer(ada).inputValue(), "half a thou");
  await ada.getByText("Editing").waitFor({ state: "detached" });
  await heard(ada, "said");
});

test("a deleted message is gone in both windows, for good", async (t) => {
  const { ada, grace } = await two(t);
  await say(ada, "a secret");
  await heard(grace, "a secret");
  await more(ada, "a secret");
  await ada.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await ada.getByRole("dialog", { name: "Delete" }).getByRole("button", { name: "Delete" }).click();
  for (const page of [ada, grace]) await heard(page, "Message deleted");
  await grace.reload();
  await heard(grace, "Message deleted");
  assert.doesNotMatch(await grace.content(), /a secret/);
});

test("others' messages can be neither edited nor deleted", async (t) => {
  const { ada, grace } = await two(t);
  await say(grace, "hers");
  await heard(ada, "hers");
  await more(ada, "hers");
  const choice = ada.getByRole("dialog", { name: "Message" });
  assert.deepEqual((await choice.locator(".item").allInnerTexts()).map((label) => label.trim()), ["Reply", "Copy text"]);
  await ada.keyboard.press("Escape");
  await choice.waitFor({ state: "detached" });
});

test("reactions count people, say who they are, and come off again", async (t) => {
  const { ada, grace } = await two(t);
  await say(ada, "lunch?");
  await heard(grace, "lunch?");
  await message(grace, "lunch?").hover();
  await message(grace, "lunch?").getByRole("button", { name: "React" }).click();
  await grace.getByRole("dialog", { name: "React" }).getByRole("button", { name: "🍕" }).click();
  const chip = (page) => message(page, "lunch?").getByRole("button", { name: /🍕/ });
  await chip(ada).getByText("1", { exact: true }).waitFor();
  assert.equal(await chip(ada).getAttribute("title"), "grace reacted with 🍕");
  assert.equal(await chip(ada).getAttribute("aria-pressed"), "false");
  await chip(ada).click();
  await chip(grace).getByText("2", { exact: true }).waitFor();
  assert.equal(await chip(grace).getAttribute("aria-pressed"), "true");
  assert.equal(await chip(grace).getAttribute("title"), "You and ada reacted with 🍕");
  await grace.reload();
  await chip(grace).getByText("2", { exact: true }).waitFor();
  await chip(grace).click();
  await chip(ada).getByText("1", { exact: true }).waitFor();
  await chip(ada).click();
  for (const page of [ada, grace]) await chip(page).waitFor({ state: "detached" });
});

test("any emoji can be typed, and what is none is said to be none", async (t) => {
  const { ada, grace } = await two(t);
  await say(ada, "lunch?");
  await heard(ada, "lunch?");
  const react = async (text) => {
    await message(ada, "lunch?").hover();
    await message(ada, "lunch?").getByRole("button", { name: "React" }).click();
    await ada.getByLabel("Another emoji").fill(text);
    await ada.keyboard.press("Enter");
  };
  await react("🦦");
  await message(grace, "lunch?").getByRole("button", { name: /🦦/ }).waitFor();
  await react("not one");
  await ada.getByRole("status").getByText(/^Not changed: /).waitFor();
  assert.equal(await message(ada, "lunch?").locator(".chip").count(), 1);
});

test("a reply quotes what it answers, as it is now, and leads there", async (t) => {
  const { ada, grace } = await two(t);
  await say(ada, "who has the key?");
  await heard(grace, "who has the key?");
  await message(grace, "who has the key?").hover();
  await message(grace, "who has the key?").getByRole("button", { name: "Reply" }).click();
  await grace.getByText("Replying to ada").waitFor();
  await say(grace, "I do");
  const quote = (page) => message(page, "I do").getByRole("button", { name: /^In answer to ada/ });
  await quote(ada).getByText("who has the key?").waitFor();
  await more(ada, "who has the key?");
  await ada.getByRole("dialog").getByRole("button", { name: "Edit" }).click();
  await say(ada, "who has the keys?");
  await quote(grace).getByText("who has the keys?").waitFor();
  await grace.reload();
  await quote(grace).click();
  await grace.locator("li.found").getByText("who has the keys?").waitFor();
});

test("a message that is refused is kept, sent again, or discarded", async (t) => {
  const { url, grace } = await two(t);
  const linus = await open(t, url);
  let refuse = true;
  await linus.routeWebSocket(/\/ws/, (page) => {
    const server = page.connectToServer();
    page.onMessage((frame) => {
      const { type, id, text } = JSON.parse(frame);
      if (type === "send" && refuse && text !== "fine") page.send(JSON.stringify({ type: "error", id, code: "forbidden", text: "Not now" }));
      else server.send(frame);
    });
  });
  await linus.reload();
  await enter(linus, "linus");
  for (const text of ["one", "fine", "two"]) await say(linus, text);
  await heard(linus, "fine");
  const failed = linus.locator("li.refused");
  assert.deepEqual(await failed.locator(".text").allTextContents(), ["one", "two"]);
  await failed.first().getByText("Not sent: you may not write in #general").waitFor();
  await linus.reload();
  await failed.nth(1).getByRole("button", { name: "Discard" }).click();
  refuse = false;
  await failed.first().getByRole("button", { name: "Retry" }).click();
  for (const page of [linus, grace]) await heard(page, "one");
  for (const page of [linus, grace]) assert.deepEqual(await texts(page), ["fine", "one"]);
});

test("who is named is shown it, there and in the list of rooms", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url);
  await enter(ada, "ada");
  await goTo(ada, "attic");
  const grace = await speaker(t, url, "grace");
  await tell(grace, "general", "first");
  await tell(grace, "general", "@ada are you there?");
  const badge = ada.getByRole("link", { name: "#general" }).locator(".badge");
  await badge.getByText("@2").waitFor();
  assert.equal(await badge.getAttribute("title"), "1 mention");
  await ada.waitForFunction(() => document.title === "(2) #attic · Parley");
  await ada.getByRole("link", { name: "#general" }).click();
  await ada.locator("li.named").getByText("@ada are you there?").waitFor();
  await badge.waitFor({ state: "detached" });
  assert.equal(await ada.locator("li.new + li .text").textContent(), "first");
});

test("what is read in one window is read in the other", async (t) => {
  const { url } = await serve(t);
  const desk = await open(t, `${url}#general`);
  await enter(desk, "ada");
  await goTo(desk, "attic");
  const second = await desk.context().newPage();
  await second.goto(`${url}#attic`);
  await second.getByRole("button", { name: "Join" }).click();
  const grace = await speaker(t, url, "grace");
  await tell(grace, "general", "news");
  const badge = (page) => page.getByRole("link", { name: "#general" }).locator(".badge");
  for (const page of [desk, second]) await badge(page).waitFor();
  await second.getByRole("link", { name: "#general" }).click();
  await heard(second, "news");
  await badge(desk).waitFor({ state: "detached" });
});

test("a long press offers what can be done with a message", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
  await enter(page, "ada");
  await say(page, "press me");
  await heard(page, "press me");
  const { x, y } = await message(page, "press me").locator(".text").boundingBox();
  const finger = await page.context().newCDPSession(page);
  await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x: x + 10, y: y + 10 }] });
  const choice = page.getByRole("dialog", { name: "Message" });
  await choice.waitFor();
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await choice.getByRole("button", { name: "👍" }).click();
  await message(page, "press me").getByRole("button", { name: /👍/ }).waitFor();
  await choice.waitFor({ state: "detached" });
});

test("the way back closes what lies over the room, and nothing else", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
  await enter(page, "ada");
  await say(page, "said");
  await heard(page, "said");
  await message(page, "said").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Message" }).waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("dialog", { name: "Search" }).waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await heard(page, "said");
  assert.equal(new URL(page.url()).hash, "#general");
});
