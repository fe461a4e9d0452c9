import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { write } from "../src/outbox/outbox";
import { mostLines, type Chat } from "../src/state/chat";
import { ask, lineLost, lineOpened } from "../src/sync/ask";
import { receive } from "../src/sync/receive";
import { asked, asking, inLobby, lobby, texts } from "./room";

const say = (username: string, text: string, timestamp = 1) => ({ type: "chat", username, text, timestamp }) as const;
const error = (text: string) => ({ type: "error", text }) as const;

function written(chat: Chat, ...lines: string[]): Chat {
  return { ...chat, outbox: lines.reduce((outbox, text, i) => write(outbox, `key${i}`, "lobby", text, 0), chat.outbox) };
}

test("the server's notice of one's own arrival says where one is and by which name", () => {
  const chat = receive(asking(), { type: "system", text: "Ada Lovelace joined #lobby", users: ["Ada Lovelace"], count: 1 }, 5);
  equal(chat.joined, "lobby");
  equal(chat.name, "Ada Lovelace");
  deepEqual(texts(chat), ["You joined as Ada Lovelace"]);
  deepEqual(chat.visited, ["lobby"]);
});

test("another's arrival changes who is here", () => {
  const chat = receive(inLobby(), { type: "system", text: "linus joined #lobby", users: ["grace", "ada", "linus"], count: 3 }, 5);
  deepEqual(lobby(chat).users, ["grace", "ada", "linus"]);
  equal(texts(chat).at(-1), "linus joined");
});

test("one message at a time is with the server, in the order written", () => {
  let chat = written(inLobby(), "one", "two");
  const first = ask(chat, 10);
  deepEqual(first?.frame, { type: "chat", text: "one" });
  chat = first?.chat ?? chat;
  equal(ask(chat, 11), null);
  chat = receive(chat, say("ada", "one"), 12);
  deepEqual(ask(chat, 13)?.frame, { type: "chat", text: "two" });
});

test("an own message keeps its key from draft to line", () => {
  const chat = receive(asked(written(inLobby(), "one"), 10), say("ada", "one"), 12);
  equal(lobby(chat).lines.at(-1)?.key, "key0");
  deepEqual(chat.outbox, []);
});

test("the same words of another are not one's own", () => {
  const chat = receive(asked(written(inLobby(), "one"), 10), say("grace", "one"), 12);
  equal(chat.outbox[0]?.state, "sent");
  ok(lobby(chat).lines.at(-1)?.key !== "key0");
});

test("a message that came too fast goes out when the oldest leaves its window", () => {
  let chat = inLobby();
  for (let i = 0; i < 10; i++) {
    chat = receive(asked(written(chat, "x"), 1000 + i), say("ada", "x"), 1000 + i);
  }
  chat = receive(asked(written(chat, "late"), 2000), error("Slow down! Max 10 msgs/10s"), 2001);
  const draft = chat.outbox[0];
  ok(draft?.state === "held" && draft.why === "too fast");
  ok(draft.until >= 11_000 && draft.until < 11_500, `it goes out at ${draft.until}`);
  equal(ask(chat, draft.until - 1), null);
  deepEqual(ask(chat, draft.until)?.frame, { type: "chat", text: "late" });
});

test("what stands behind a message that waits, waits too", () => {
  let chat = asked(written(inLobby(), "one", "two"), 10);
  chat = receive(chat, error("Not saved, try again"), 20);
  equal(ask(chat, 21), null);
  deepEqual(ask(chat, 20_000)?.frame, { type: "chat", text: "one" });
});

test("a refused message does not hold up the next", () => {
  const chat = receive(asked(written(inLobby(), "one", "two"), 10), error("Invalid text"), 20);
  equal(chat.outbox[0]?.state, "refused");
  deepEqual(ask(chat, 21)?.frame, { type: "chat", text: "two" });
});

test("a broken line leaves in doubt what was with the server, and nothing else", () => {
  let chat = lineLost(asked(written(inLobby(), "one", "two"), 10), { is: "down" }, 20);
  deepEqual(chat.outbox.map((draft) => draft.state), ["unsure", "waiting"]);

  chat = asked(lineOpened(chat), 30);
  chat = receive(chat, { type: "system", text: "ada joined #lobby", users: ["ada"], count: 1 }, 40);
  equal(texts(chat).at(-1), "gap");
  deepEqual(ask(chat, 50)?.frame, { type: "chat", text: "two" });
});

test("the room is joined before anything is said in it", () => {
  const chat = written({ ...inLobby(), room: "attic" }, "for the lobby");
  deepEqual(ask(chat, 10)?.frame, { type: "join", username: "ada", room: "attic" });
  const there = receive(asked(chat, 10), { type: "system", text: "ada joined #attic", users: ["ada"], count: 1 }, 20);
  equal(ask(there, 30), null); // what was written in the lobby waits for the lobby
});

test("a room that is not allowed leaves one where one was", () => {
  const chat = receive(asked({ ...inLobby(), room: "attic" }, 10), error("Not allowed"), 20);
  equal(chat.room, "lobby");
  equal(chat.joined, "lobby");
  ok(chat.word?.text.includes("#attic"));
});

test("a name that is not allowed leads back to the door", () => {
  const chat = receive(asking(), error("Invalid username"), 20);
  ok(chat.at.screen === "door" && chat.at.wrong?.what === "name");
});

test("what comes while nobody looks is unread from its first message", () => {
  let chat: Chat = { ...inLobby(), hidden: true };
  chat = receive(receive(chat, say("grace", "one"), 1), say("grace", "two"), 2);
  equal(chat.unread, 2);
  equal(lobby(chat).newFrom, lobby(chat).lines.at(-2)?.key);
});

test("a room keeps its last lines", () => {
  let chat = inLobby();
  for (let i = 0; i < mostLines + 50; i++) chat = receive(chat, say("grace", `${i}`), i);
  equal(lobby(chat).lines.length, mostLines);
  equal(texts(chat).at(-1), `${mostLines + 49}`);
});

test("a room may bear any name", () => {
  const chat = receive(asked({ ...asking(), asked: null, room: "__proto__" }, 0), { type: "system", text: "ada joined #__proto__", users: ["ada"], count: 1 }, 0);
  equal(chat.joined, "__proto__");
  equal(receive(chat, say("ada", "hi"), 1).joined, "__proto__");
});
