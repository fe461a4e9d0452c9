// Takes the README's pictures, of a room where people talk:
//
//   PARLEY=./parley node e2e/browser/pictures.mjs
import { arrived, close, enter, goTo, heard, open, serve, speaker, tell } from "./world.mjs";

const ends = [];
const t = { after: (end) => ends.push(end) };
const { url } = await serve(t, { args: ["--rate", "off"] });
const cast = {};
for (const name of ["Ada Lovelace", "Barbara", "linus", "margaret_h", "Radia Perlman"]) cast[name] = await speaker(t, url, name);
const rooms = Object.fromEntries(Object.entries(cast).map(([name, chat]) => [name, chat.room("general").join()]));

await rooms["Ada Lovelace"].topic("Where everybody meets · lunch at 12:30");
const desk = await open(t, `${url}#general`, { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 });
await enter(desk, "Grace Hopper");
for (const room of ["bikes", "reading-club", "release"]) {
  await tell(cast.linus, room, "Who is in?");
  await goTo(desk, room);
}
await goTo(desk, "general");
const phone = await open(t, `${url}#general`, { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, colorScheme: "dark" });
await enter(phone, "Katherine");

const says = (name, text, replyTo) => tell(cast[name], "general", text, replyTo);
await says("Ada Lovelace", "Morning! The new build is up.");
await says("Ada Lovelace", "It starts in a blink: one binary, nothing to install.");
const tunnel = await says("linus", "Nice. And when my train goes through the tunnel?");
const answer = await says("Barbara", "Keep writing. It goes out when you’re back, once and in order.", tunnel);
const notes = await says("Radia Perlman", "I wrote it down: https://chat.example/notes");
await rooms["Radia Perlman"].edit(notes, "I wrote it all down: https://chat.example/notes/tunnels");
for (const name of ["Ada Lovelace", "Radia Perlman", "linus"]) await rooms[name].react(answer, "👍");
await rooms.margaret_h.react(answer, "🎉");
const lunch = await says("margaret_h", "@Grace Hopper lunch at 12:30? The place by the canal has a table for six 🥗");
for (const name of ["Barbara", "linus"]) await rooms[name].react(lunch, "🥗");
await says("Barbara", "I’ll come by bike and meet you there.", lunch);
await tell(cast.linus, "bikes", "@Grace Hopper shall we ride after work?");
for (const text of ["Page 40 made me laugh", "No spoilers, please", "Thursday, then"]) await tell(cast["Ada Lovelace"], "reading-club", text);
rooms.linus.typing();

for (const page of [desk, phone]) {
  await arrived(page);
  await heard(page, "I’ll come by bike and meet you there.");
  await page.getByText("linus is typing…").waitFor();
}
await desk.locator("li.named").getByRole("button", { name: /🥗/ }).click();
await desk.locator('.chip[aria-pressed="true"]').waitFor();
await desk.locator(".badge").nth(1).getByText("3").waitFor();
for (const [page, file] of [[desk, "page"], [phone, "phone"]]) {
  await page.evaluate(() => document.activeElement.blur());
  await page.mouse.move(0, 0); // off the messages, which would show it
  await page.screenshot({ path: new URL(`../../docs/images/${file}.png`, import.meta.url).pathname });
}
for (const end of ends.reverse()) await end();
await close();
