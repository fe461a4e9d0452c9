import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../src/socket/backoff";
import { closing } from "../src/socket/closing";

test("attempts spread over a time that doubles up to half a minute", () => {
  equal(backoff(0, 0, () => 1), 1000);
  equal(backoff(3, 0, () => 1), 8000);
  equal(backoff(99, 0, () => 1), 30_000);
  equal(backoff(99, 0, () => 0), 0);
  equal(backoff(0, 2000, () => 0), 2000);
});

test("a close code says whether to come back", () => {
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4429, 4500]) equal(closing(code).then, "again", `${code}`);
  for (const code of [1002, 1003, 1007, 1008, 1009, 4401, 4403, 4409]) equal(closing(code).then, "stop", `${code}`);
  for (const code of [1013, 4429]) {
    const after = closing(code);
    ok(after.then === "again" && after.least > 0, `${code}`);
  }
});
