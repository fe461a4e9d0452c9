import assert from "node:assert/strict";
import { after, test } from "node:test";
import { arrived, close, composer, enter, fits, goTo, heard, lines, open, say, serve, speaker, tell, texts, watch } from "./world.mjs";

after(close);

const plainPage = new URL("../../examples/plain.html", import.meta.url);
const people = (page) => page.getByRole("complementary", { name: "People" }).getByRole("listitem");

test("a plain page from a file chats with the embedded page", async (t) => {
  const { url, port } = await serve(t);
  const ada = await open(t, url);
  await enter(ada, "ada");
  const grace = await open(t, `${plainPage}?server=ws://127.0.0.1:${port}`);
  await grace.getByText("Connected to").waitFor();
  await grace.getByLabel("Name").fill("grace");
  await grace.getByRole("button", { name: "Join" }).click();

  await people(ada).filter({ hasText: "grace" }).waitFor();
  await grace.getByText("grace joined #general", { exact: true }).waitFor();
  assert.deepEqual(await grace.getByRole("listitem").allTextContents(), ["ada", "grace"]);

  await say(ada, "hello from the page");
  await grace.getByText("ada: hello from the page").waitFor();
  await grace.getByLabel("Message", { exact: true }).fill("hello from the file");
  await grace.keyboard.press("Enter");
  await heard(ada, "hello from the file");

  await ada.getByRole("button", { name: "Leave", exact: true }).click();
  await grace.getByText("ada left #general", { exact: true }).waitFor();
  assert.deepEqual(await grace.getByRole("listitem").allTextContents(), ["grace"]);
});

test("what people call themselves and write stays text", async (t) => {
  const { url } = await serve(t);
  const reader = await open(t, `${url}#<b>room<%2Fb>`, { viewport: { width: 320, height: 640 } });
  await enter(reader, "reader");
  assert.equal(await reader.locator("h1").textContent(), "#<b>room</b>");

  const writer = await open(t, reader.url());
  await enter(writer, "<img src=x onerror=alert(1)>");
  const hostile = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "javascript:alert(3) https://a.example/\"onmouseover=alert(4)",
    "&lt;b&gt; {{7*7}} ${7*7} </textarea><svg onload=alert(5)>",
    "W".repeat(4000),
    `Z${"\u0335\u0322\u0348\u0301".repeat(200)}`,
    "right \u202eto left",
    "\n".repeat(40) + "below many lines",
  ];
  for (const text of hostile) {
    await say(writer, text);
    await heard(reader, text.trim());
  }
  assert.equal(await reader.locator(".said :is(img, script, svg, .text b)").count(), 0);
  assert.deepEqual(await reader.locator(".text a").evaluateAll((links) => links.map((a) => [a.href, a.rel])), [["https://a.example/", "noopener noreferrer"]]);
  assert.equal(await reader.locator("li .author").first().textContent(), "<img src=x onerror=alert(1)>: ");
  await fits(reader, "hostile texts at 320 px");
  await fits(writer, "hostile texts at 1280 px");
});

test("a message that comes too fast is kept and goes out", async (t) => {
  const { url } = await serve(t, { args: ["--rate", "3/2s"] });
  const ada = await open(t, url);
  await enter(ada, "ada");
  const said = ["one", "two", "three", "four", "five"];
  for (const text of said) await say(ada, text);
  await ada.getByText(/^Not sent: you’re writing too fast. It goes out in \d s$/).waitFor();
  await heard(ada, "five");
  assert.deepEqual(await texts(ada), said);
});

test("a name that the server refuses leads back to the door, which says why", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url);
  await page.getByLabel("Your name").fill("a\u200bda");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("alert").getByText("That name can’t be used here").waitFor();
  assert.equal(await page.getByLabel("Your name").getAttribute("aria-invalid"), "true");
  await enter(page, "ada");
});

test("who is faster than the line goes by their name all the same", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, "about:blank");
  let letGo;
  const pressed = new Promise((resolve) => (letGo = resolve));
  await page.routeWebSocket(/\/ws/, (line) => pressed.then(() => line.connectToServer()));
  await page.goto(url);
  await page.getByLabel("Your name").fill("ada");
  await page.getByRole("button", { name: "Join" }).click();
  await say(page, "quick");
  letGo();
  await heard(page, "quick");
  assert.equal(await page.locator("li .author").textContent(), "ada: ");
});

test("a reload comes back to the room, with the draft", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, `${url}#lobby`);
  await enter(page, "ada");
  await say(page, "said before");
  await heard(page, "said before");
  await page.getByRole("textbox", { name: "Message #lobby" }).fill("half a thou");
  await page.reload();
  await heard(page, "said before");
  assert.equal(await page.getByRole("textbox", { name: "Message #lobby" }).inputValue(), "half a thou");
});

test("a guest who comes back is the same person, with the name of last time", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url);
  await enter(page, "ada");
  await say(page, "mine");
  await heard(page, "mine");
  await page.getByRole("button", { name: "Leave", exact: true }).click();
  await page.reload();
  assert.equal(await page.getByLabel("Your name").inputValue(), "ada");
  await page.getByRole("button", { name: "Join" }).click();
  await arrived(page);
  await page.locator("li[data-seq]").hover();
  await page.getByRole("button", { name: "Edit" }).waitFor();
});

test("rooms are in the address, and the way back leads back", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url);
  await enter(page, "ada");
  await say(page, "said in general");
  await heard(page, "said in general");
  await goTo(page, "#attic & more");
  await page.getByRole("heading", { name: "It’s quiet in #attic & more" }).waitFor();
  assert.equal(new URL(page.url()).hash, "#attic%20%26%20more");
  await page.goBack();
  await heard(page, "said in general");
  await page.getByRole("link", { name: "#attic & more" }).click();
  await page.getByRole("textbox", { name: "Message #attic & more" }).waitFor();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByRole("textbox", { name: "Message #general" }).waitFor();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("textbox", { name: "Message #attic & more" }).waitFor();
});

test("title and icon count what came while nobody looked, and a line shows where it begins", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url);
  await enter(ada, "ada");
  const grace = await speaker(t, url, "grace");
  await tell(grace, "general", "zero");
  await heard(ada, "zero");
  await ada.waitForFunction(() => document.title === "#general · Parley");
  await watch(ada, false);
  await tell(grace, "general", "one");
  await tell(grace, "general", "two");
  await ada.waitForFunction(() => document.title === "(2) #general · Parley");
  assert.match(await ada.locator("link[rel=icon]").getAttribute("href"), /^data:image\/svg/);
  await watch(ada, true);
  await ada.waitForFunction(() => document.title === "#general · Parley");
  assert.equal(await ada.locator("li.new + li .text").textContent(), "one");
  await say(ada, "an answer");
  await ada.getByText("New since you were here").waitFor({ state: "detached" });
});

test("who reads further up is not moved, and is led to the newest", async (t) => {
  const { url } = await serve(t, { args: ["--rate", "off"] });
  const grace = await speaker(t, url, "grace");
  for (let i = 0; i < 60; i++) await tell(grace, "general", `line ${i}`);
  const ada = await open(t, url);
  await enter(ada, "ada");
  await heard(ada, "line 59");
  const place = () => lines(ada).evaluate((box) => box.scrollTop);
  await lines(ada).evaluate((box) => box.scrollTo(0, 300));
  await ada.getByRole("button", { name: "Jump to newest" }).waitFor();
  const shown = () => ada.getByText("line 20", { exact: true }).evaluate((line) => line.getBoundingClientRect().top);
  const before = await shown();
  await tell(grace, "general", "one more");
  await ada.getByRole("button", { name: "1 new · jump to newest" }).waitFor();
  assert.equal(await shown(), before);
  await ada.getByRole("button", { name: "1 new · jump to newest" }).click();
  await ada.waitForFunction((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2, await lines(ada).elementHandle());
  assert.ok((await place()) > 300);
});

test("one who types is named in the other windows, until they have said it", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url);
  await enter(ada, "ada");
  const grace = await open(t, url);
  await enter(grace, "grace");
  await composer(grace).pressSequentially("hel");
  await ada.getByText("grace is typing…").waitFor();
  await say(grace, "hello");
  await ada.getByText("grace is typing…").waitFor({ state: "hidden" });
});

test("a topic and another name are seen by all at once", async (t) => {
  const { url } = await serve(t);
  const ada = await open(t, url);
  await enter(ada, "ada");
  const grace = await open(t, url);
  await enter(grace, "grace");
  await ada.locator("header").hover();
  await ada.getByRole("button", { name: "Add a topic" }).click();
  await ada.getByLabel("Topic").fill("Tea and trains");
  await ada.keyboard.press("Enter");
  await grace.getByRole("button", { name: "Tea and trains" }).waitFor();
  await grace.getByText("ada set the topic: Tea and trains").waitFor();

  await ada.getByRole("button", { name: "ada", exact: true }).click();
  await ada.getByLabel("Your name").fill("Ada Lovelace");
  await ada.keyboard.press("Enter");
  await people(grace).filter({ hasText: "Ada Lovelace" }).waitFor();
  assert.equal(await people(grace).count(), 2);
  await say(ada, "by my whole name");
  assert.equal(await grace.locator("li[data-seq] .author").last().textContent(), "Ada Lovelace: ");
});
