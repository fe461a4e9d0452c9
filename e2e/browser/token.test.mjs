import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { arrived, close, heard, open, say, serve } from "./world.mjs";

after(close);

const secret = "a secret that is long enough for HS256";

function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ exp: Math.floor(Date.now() / 1000) + 600, ...claims })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

for (const [place, mark] of [["query", "?token="], ["fragment", "#token="]]) {
  test(`a token in the ${place} signs in and leaves the address`, async (t) => {
    const { url } = await serve(t, { args: ["--jwt-secret", secret] });
    const page = await open(t, `${url}${mark}${token({ sub: "u1", name: "Ada Lovelace", rooms: ["general"] })}`);
    await page.getByText("Signed in as Ada Lovelace").waitFor();
    assert.doesNotMatch(page.url(), /token/);
    await page.getByRole("button", { name: "Join" }).click();
    await arrived(page);
    await say(page, "signed in");
    await heard(page, "signed in");

    await page.getByLabel("Go to a room").fill("attic");
    await page.keyboard.press("Enter");
    await page.getByText("Your sign-in doesn’t let you into #attic.").waitFor();
    assert.equal(new URL(page.url()).hash, "#general");
    await say(page, "still here");
    await heard(page, "still here");

    await page.reload();
    await arrived(page);
    await heard(page, "still here");
    assert.doesNotMatch(page.url(), /token=/);
  });
}

const refused = { allowed: /status of 401|WebSocket connection to/ };

test("who is not signed in is told so at the door", async (t) => {
  const { url } = await serve(t, { args: ["--jwt-secret", secret] });
  const page = await open(t, url, refused);
  await page.getByText("Signed out: this chat asks for a sign-in").waitFor();
});

test("a token that has ended is said to have ended", async (t) => {
  const { url } = await serve(t, { args: ["--jwt-secret", secret] });
  const page = await open(t, `${url}?token=${token({ sub: "u1", exp: 1 })}`, refused);
  await page.getByText("Signed out: your sign-in has ended").waitFor();
  await page.getByLabel("Your name").fill("ada");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByRole("button", { name: "Try again" }).waitFor();
});
