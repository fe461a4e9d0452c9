import assert from "node:assert/strict";
import { after, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { close, enter, fits, heard, message, open, say, serve, speaker, tell } from "./world.mjs";

after(close);

/** sound says that axe finds nothing that would keep a person out. */
async function sound(page, where) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished))); // half shown is half legible
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const minor = violations.filter(({ impact }) => impact !== "serious" && impact !== "critical");
  if (minor.length > 0) console.log(`${where}: ${minor.map(({ id, impact }) => `${id} (${impact})`).join(", ")}`);
  assert.deepEqual(grave.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], where);
  await fits(page, where);
}

const screens = [
  { width: 1280, height: 800 },
  { width: 800, height: 700 },
  { width: 360, height: 740 },
  { width: 320, height: 568 },
];

for (const colorScheme of ["light", "dark"]) {
  for (const contrast of ["no-preference", "more"]) {
    // Sizes and colours have little to do with each other: all of one, and two of the other.
    for (const viewport of colorScheme === "dark" || contrast === "more" ? screens.filter(({ width }) => width === 1280 || width === 360) : screens) {
      const where = `${colorScheme}, contrast ${contrast}, ${viewport.width} px`;
      test(`every screen is sound: ${where}`, async (t) => {
        const { url } = await serve(t, { args: ["--rate", "2/60s"] });
        const page = await open(t, url, { viewport, colorScheme, contrast, allowed: /net::ERR_|WebSocket connection to/ });
        await page.getByLabel("Your name").waitFor();
        await sound(page, "door");
        await enter(page, "Ada Lovelace");
        await page.getByText("Or join from a terminal").click();
        await sound(page, "empty room");
        for (const text of ["hello https://a.example/b", "💚", "too fast"]) await say(page, text);
        await heard(page, "💚");
        await page.getByText(/writing too fast/).waitFor();
        const grace = await speaker(t, url, "grace");
        const seq = await tell(grace, "general", "@Ada Lovelace look", 1);
        await grace.room("general").react(seq, "🎉");
        await grace.room("attic").join();
        await message(page, "@Ada Lovelace look").getByRole("button", { name: /🎉/ }).click();
        await sound(page, "room");
        await message(page, "@Ada Lovelace look").focus();
        await sound(page, "a message in hand");
        await page.keyboard.press("Enter");
        await page.getByRole("dialog", { name: "Message" }).waitFor();
        await sound(page, "what can be done with it");
        await page.getByRole("button", { name: "More emoji" }).click();
        await page.getByRole("dialog", { name: "React" }).waitFor();
        await sound(page, "emoji");
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
        await page.keyboard.press("r");
        await page.getByText("Replying to grace").waitFor();
        await sound(page, "a reply");
        await page.keyboard.press("Control+k");
        await page.getByRole("combobox").fill("look");
        await page.getByRole("option").filter({ hasText: "@Ada Lovelace look" }).waitFor();
        await sound(page, "search");
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
        if (viewport.width < 1100) {
          await page.getByRole("button", { name: /here$/ }).click();
          await page.getByRole("dialog", { name: "People" }).waitFor();
          await sound(page, "people");
          await page.goBack();
          await page.getByRole("dialog").waitFor({ state: "detached" });
        }
        if (viewport.width < 700) {
          await page.getByRole("button", { name: "Rooms" }).click();
          await page.getByRole("dialog", { name: "Rooms" }).waitFor();
          await sound(page, "rooms");
          await page.keyboard.press("Escape");
          await page.getByRole("dialog").waitFor({ state: "detached" });
        }
        await page.context().setOffline(true);
        await page.getByText(/^Offline/).waitFor();
        await sound(page, "offline");
      });
    }
  }
}

test("text of twice the size fits", async (t) => {
  const { url } = await serve(t);
  for (const viewport of screens) {
    const page = await open(t, url, { viewport });
    const twice = () => page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
    await twice();
    await page.getByLabel("Your name").waitFor();
    await fits(page, `door, ${viewport.width} px`);
    await enter(page, "Ada Lovelace");
    await fits(page, `empty room, ${viewport.width} px`);
    await say(page, `a long word: ${"x".repeat(300)}`);
    await page.locator("li[data-seq]").first().waitFor();
    await fits(page, `room, ${viewport.width} px`);
    await page.locator("li[data-seq]").first().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Message" }).waitFor();
    await fits(page, `choices, ${viewport.width} px`);
    await page.getByRole("button", { name: "More emoji" }).click();
    await page.getByRole("dialog", { name: "React" }).waitFor();
    await fits(page, `emoji, ${viewport.width} px`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("long");
    await page.getByRole("option").filter({ hasText: "a long word" }).first().waitFor();
    await fits(page, `search, ${viewport.width} px`);
  }
});

test("nothing moves for who wants no motion", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { reducedMotion: "reduce", viewport: { width: 360, height: 740 } });
  await enter(page, "ada");
  await page.getByRole("button", { name: "Rooms" }).click();
  await page.getByRole("dialog").waitFor();
  const moving = await page.evaluate(() =>
    document.getAnimations().filter((animation) => Number(animation.effect.getComputedTiming().duration) > 0).length +
    [...document.querySelectorAll("*")].filter((part) => getComputedStyle(part).transitionDuration.split(", ").some((time) => parseFloat(time) > 0)).length,
  );
  assert.equal(moving, 0);
});

test("state and focus are seen in forced colours", async (t) => {
  const { url } = await serve(t);
  const page = await open(t, url, { forcedColors: "active" });
  await enter(page, "ada");
  const current = page.getByRole("navigation").getByRole("link", { name: "general" });
  assert.notEqual(await current.evaluate((link) => getComputedStyle(link).outlineStyle), "none");
  await sound(page, "forced colours");
});
