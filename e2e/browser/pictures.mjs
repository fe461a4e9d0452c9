// Takes the README's pictures, from a room where people talk:
//
//   PARLEY=./parley node e2e/browser/pictures.mjs
import { close, enter, heard, open, say, serve } from "./world.mjs";

const ends = [];
const t = { after: (end) => ends.push(end) };
const talk = [
  ["Ada Lovelace", "Morning! The new build is up."],
  ["Ada Lovelace", "It starts in a blink: one binary, nothing to install."],
  ["linus", "Nice. And when my train goes through the tunnel?"],
  ["Grace Hopper", "Keep writing. It goes out when you’re back, in order."],
  ["Radia Perlman", "I wrote it down: https://chat.example/notes/tunnels"],
  ["linus", "💚"],
  ["Grace Hopper", "Lunch at 12:30? The place by the canal has a table for six 🥗"],
  ["margaret_h", "Count me in, if we’re back by two."],
  ["Barbara", "I’ll come by bike and meet you there."],
];

const { url } = await serve(t);
const seats = new Map();
const sit = async (name, options) => {
  const page = await open(t, `${url}#general`, options);
  await enter(page, name);
  seats.set(name, page);
  return page;
};
const desk = await sit("Grace Hopper", { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5 });
for (const room of ["bikes", "reading-club", "release", "general"]) {
  await desk.getByLabel("Go to a room").fill(room);
  await desk.keyboard.press("Enter");
  await desk.getByRole("heading", { name: room }).first().waitFor();
}
const phone = await sit("Ada Lovelace", { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, colorScheme: "dark" });
for (const name of ["Barbara", "linus", "margaret_h", "Radia Perlman"]) await sit(name);
for (const [name, text] of talk) {
  await say(seats.get(name), text);
  for (const page of [desk, phone]) await heard(page, text);
}
for (const [page, file] of [[desk, "page"], [phone, "phone"]]) {
  await page.evaluate(() => document.activeElement.blur());
  await page.mouse.move(0, 0); // off the messages, which would show it
  await page.screenshot({ path: new URL(`../../docs/images/${file}.png`, import.meta.url).pathname });
}
for (const end of ends.reverse()) await end();
await close();
