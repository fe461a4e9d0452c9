import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { chrome, flags, serve } from "./world.mjs";

const lighthouse = fileURLToPath(new URL("../node_modules/lighthouse/cli/index.js", import.meta.url));

// On a phone with a slow line, as Lighthouse imagines one.
test("Lighthouse finds the page accessible and quick", async (t) => {
  const { url } = await serve(t);
  const report = path(tmpdir(), `parley-lighthouse-${process.pid}.json`);
  const run = spawn(
    process.execPath,
    [
      lighthouse, url, "--quiet", "--output=json", `--output-path=${report}`, "--no-enable-error-reporting",
      "--only-categories=accessibility,performance,best-practices", `--chrome-flags=${["--headless=new", ...flags].join(" ")}`,
    ],
    { env: { ...process.env, CHROME_PATH: chrome }, stdio: ["ignore", "inherit", "inherit"] },
  );
  const [code] = await once(run, "exit");
  assert.equal(code, 0);
  const { categories, audits } = JSON.parse(await readFile(report, "utf8"));
  const score = Object.fromEntries(Object.values(categories).map(({ id, score }) => [id, Math.round(score * 100)]));
  const figure = (id) => audits[id].displayValue;
  console.log(score, "first paint", figure("first-contentful-paint"), "largest", figure("largest-contentful-paint"), "blocked", figure("total-blocking-time"));
  assert.equal(score.accessibility, 100);
  assert.ok(score.performance >= 95, `performance ${score.performance}`);
  assert.ok(score["best-practices"] >= 95, `best practices ${score["best-practices"]}`);
});
