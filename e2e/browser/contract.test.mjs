import assert from "node:assert/strict";
import { after, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { close, open, serve } from "./world.mjs";

after(close);

const example = new URL("../../examples/v1.html", import.meta.url);

test("the example of parley.v1 loses nothing while its line is gone", async (t) => {
  const { url } = await serve(t, { args: ["--allow-origin", "null"] });
  const at = (name) => `${example}?server=${url.slice(0, -1)}&name=${name}`;
  const ada = await open(t, at("ada"), { allowed: /net::ERR_|WebSocket connection to/ });
  const grace = await open(t, at("grace"));
  const say = async (page, text) => {
    await page.getByLabel("Message", { exact: true }).fill(text);
    await page.keyboard.press("Enter");
  };
  const log = (page) => page.getByRole("log").getByRole("listitem");
  await ada.getByText("Connected", { exact: true }).waitFor();
  await grace.getByText("Connected", { exact: true }).waitFor();
  await say(ada, "hello <b>grace</b>");
  await log(grace).getByText("hello <b>grace</b>").waitFor();

  // Closed first: a browser that is offline may not hear the answer to its close frame.
  await ada.evaluate("Math.random = () => 3"); // it tries again in 3 s
  await ada.evaluate("socket.close()");
  await ada.getByText("Not connected").waitFor();
  await ada.context().setOffline(true);
  await ada.evaluate("Math.random = () => 0.5");
  await say(ada, "written without a line");
  await say(grace, "said meanwhile");
  await log(grace).getByText("said meanwhile").waitFor();
  await ada.context().setOffline(false);

  await log(ada).getByText("written without a line").waitFor();
  await log(grace).getByText("written without a line").waitFor();
  const want = ["ada: hello <b>grace</b>", "grace: said meanwhile", "ada: written without a line"];
  assert.deepEqual(await log(ada).allTextContents(), want);
  assert.deepEqual(await log(grace).allTextContents(), want);
  assert.equal(await ada.getByLabel("Not sent yet").getByRole("listitem").count(), 0);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 320]) {
    test(`the page of the contract is sound: ${colorScheme}, ${width} px`, async (t) => {
      const { url } = await serve(t);
      const page = await open(t, `${url}api/`, { colorScheme, viewport: { width, height: 800 } });
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, "it scrolls sideways");
      await page.getByRole("link", { name: "key_reused" }).click();
      assert.match(page.url(), /#code-key_reused$/);
    });
  }
}
