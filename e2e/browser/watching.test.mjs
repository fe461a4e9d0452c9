import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { createServer as createSite } from "node:http";
import { after, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { close, fits, open, serve, speaker, tell } from "./world.mjs";

after(close);

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/** watched is a node whose debug listener is known, with ada in a room. */
async function watched(t) {
  const port = await freePort();
  const { url } = await serve(t, { args: ["--debug-listen", `localhost:${port}`, "--store", "memory"] });
  const ada = await speaker(t, url, "ada");
  ada.room("<b>lobby</b>").join();
  await tell(ada, "<b>lobby</b>", "hello");
  return { page: `http://localhost:${port}/`, ada };
}

const rooms = (page) => page.getByRole("heading", { name: "Busiest rooms" }).locator("..");

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }, { width: 320, height: 568 }]) {
    test(`what a node does can be read by everybody: ${colorScheme}, ${viewport.width} px`, async (t) => {
      const node = await watched(t);
      const page = await open(t, node.page, { colorScheme, viewport });
      await rooms(page).getByText("<b>lobby</b>").waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)]), []);
      await fits(page, "what a node does");
    });
  }
}

test("the page follows what happens, unless it is told to stop", async (t) => {
  const node = await watched(t);
  const page = await open(t, node.page, { allowed: /net::ERR_/ });
  await rooms(page).getByText("<b>lobby</b>").waitFor();
  node.ada.room("attic").join();
  await rooms(page).getByText("attic").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const stands = await page.getByRole("status").textContent();
  node.ada.room("cellar").join();
  await tell(node.ada, "cellar", "is anybody here?");
  assert.equal(await page.getByRole("status").textContent(), stands);
  assert.equal(await rooms(page).getByText("cellar").count(), 0);
  await page.getByRole("button", { name: "Go on" }).click();
  await rooms(page).getByText("cellar").waitFor();
  await page.context().setOffline(true);
  await page.getByText("The node does not answer").waitFor();
  await page.context().setOffline(false);
  await page.getByText("Looked at").waitFor();
});

test("without script the page is there, and comes anew by itself", async (t) => {
  const node = await watched(t);
  const page = await open(t, node.page, { javaScriptEnabled: false });
  await rooms(page).getByText("<b>lobby</b>").waitFor();
  node.ada.room("attic").join();
  await rooms(page).getByText("attic").waitFor();
});

test("a page of another origin reads nothing of it, and shows nothing of it", async (t) => {
  const node = await watched(t);
  const site = createSite((_, answer) => answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>elsewhere</title>"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  t.after(() => site.close());
  const page = await open(t, `http://localhost:${site.address().port}/`, { allowed: /blocked|Failed to load|Refused|ERR_|frame/i });
  const got = await page.evaluate(async (where) => {
    const read = (mode) => fetch(where + "view.json", { mode }).then((a) => a.text(), () => "nothing");
    const frame = document.body.appendChild(Object.assign(document.createElement("iframe"), { src: where }));
    await new Promise((loaded) => frame.addEventListener("load", loaded));
    let inside = "nothing";
    try {
      inside = frame.contentDocument?.body.textContent || "nothing";
    } catch {}
    return [await read("cors"), (await read("no-cors")) || "nothing", inside];
  }, node.page);
  assert.deepEqual(got, ["nothing", "nothing", "nothing"]);
});
