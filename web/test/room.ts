import { emptyRoom, type Chat } from "../src/state/chat";
import { ask, lineOpened } from "../src/sync/ask";
import { receive } from "../src/sync/receive";

/** A chat whose ada has asked to join lobby, as these tests start. */
export function asking(): Chat {
  const chat = lineOpened({
    at: { screen: "room" },
    name: "ada",
    signedIn: false,
    room: "lobby",
    joined: null,
    rooms: {},
    visited: [],
    outbox: [],
    link: { is: "opening" },
    asked: null,
    word: null,
    spoke: [],
    unread: 0,
    hidden: false,
  });
  return asked(chat, 0);
}

/** A chat whose ada is in lobby. */
export function inLobby(): Chat {
  return receive(asking(), { type: "system", text: "ada joined #lobby", users: ["grace", "ada"], count: 2 }, 0);
}

/** asked is the chat after it has asked the next thing. */
export function asked(chat: Chat, now: number): Chat {
  return ask(chat, now)?.chat ?? chat;
}

export function lobby(chat: Chat) {
  return chat.rooms["lobby"] ?? emptyRoom;
}

/** texts are what stands in lobby. */
export function texts(chat: Chat): string[] {
  return lobby(chat).lines.map((line) => (line.kind === "gap" ? "gap" : line.text));
}
