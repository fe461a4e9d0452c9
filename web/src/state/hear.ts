import type { News, ParleyError, RoomSummary, State } from "../client/types";
import { withoutDone } from "./changes";
import { withRoom, type Chat } from "./chat";
import { arrived, refused } from "./place";
import { joined, receive, type Reader, type Room } from "./room";
import { count } from "./words";

/** hear is the chat after something happened in a room. */
export function hear(chat: Chat, news: News): Chat {
  switch (news.type) {
    case "joined": {
      const again = news.reset !== undefined && (chat.rooms.get(news.room)?.epoch ?? "") !== "";
      const then = withRoom(chat, news.room, (room) => joined(room, news));
      return again && news.room === chat.here ? { ...then, missed: null, word: { text: "Back. The history of this room has changed: this is how it stands now" } } : then;
    }
    case "event":
      return withoutDone(withRoom(counted(chat, news), news.room, (room) => receive(room, news, readerOf(chat, news.room))));
    case "caught_up":
      return caughtUp(withRoom(chat, news.room, (room) => ({ ...room, at: "live" })), news.room);
    case "presence":
      return withRoom(chat, news.room, (room) => present(room, news));
    case "typing":
      return withRoom(chat, news.room, (room) => ({ ...room, typing: news.users.filter((user) => user.id !== chat.me?.id) }));
    case "read":
      return withRoom(chat, news.room, (room) => marked(room, news, room.live.to));
    case "refused":
      return refused(chat, news.room, news.error);
  }
}

/** stateChanged is the chat once the client's own state has changed. */
export function stateChanged(chat: Chat, { line, user, guest, drafts }: State): Chat {
  const then = { ...chat, line, me: user, guest, drafts };
  if (line.is === "open" || chat.line.is !== "open") return then;
  // What was true of others a moment ago, nobody knows now.
  const rooms = new Map([...chat.rooms].map(([name, room]) => [name, { ...room, at: "outside" as const, typing: [] }]));
  return { ...then, rooms, missed: 0 };
}

/** listed is the chat once the server has said which rooms there are, and what one has read in them. of are the rooms that one was in when one asked. */
export function listed(chat: Chat, summaries: readonly RoomSummary[], of: Iterable<string>): Chat {
  const told = new Map(summaries.map((summary) => [summary.name, summary]));
  const rooms = new Map(chat.rooms);
  for (const name of of) {
    const room = rooms.get(name);
    if (room === undefined) continue;
    // A room that holds nothing is not told of.
    const { read, unread, mentions, head } = told.get(name) ?? { read: 0, unread: 0, mentions: 0, head: 0 };
    rooms.set(name, marked(room, { seq: read, unread, mentions }, head));
  }
  const then = { ...chat, listed: summaries, rooms };
  return chat.rooms.get(chat.here)?.read === null && rooms.get(chat.here)?.read !== null ? arrived(then, false) : then;
}

/** failed says why something that one did was not done. */
export function failed(chat: Chat, what: string, error: ParleyError): Chat {
  switch (error.code) {
    case "discarded":
    case "lost": // if it was done after all, the log will tell
      return chat;
    case "offline":
      return { ...chat, word: { text: `${what}: you’re offline. Try again when you’re back` } };
    case "rate_limited":
      return { ...chat, word: { text: `${what}: that was too fast. Try again in a moment` } };
    default:
      return { ...chat, word: { text: `${what}: ${error.text || error.code}` } };
  }
}

function readerOf(chat: Chat, room: string): Reader {
  if (chat.screen.is !== "room" || chat.here !== room) return "elsewhere";
  return chat.atEnd ? "at the end" : "further up";
}

function counted(chat: Chat, { room, kind, user }: Extract<News, { type: "event" }>): Chat {
  if (chat.missed === null || room !== chat.here || kind !== "message" || user.id === chat.me?.id) return chat;
  return { ...chat, missed: chat.missed + 1 };
}

function caughtUp(chat: Chat, name: string): Chat {
  if (chat.missed === null || name !== chat.here) return chat;
  const text = chat.missed === 0 ? "Back. Caught up, nothing missed" : `Back. Caught up, ${count(chat.missed, "new message")}`;
  return { ...chat, missed: null, word: { text } };
}

/** marked is the room with one's read mark where the server has it; it never goes back. */
function marked(room: Room, { seq, unread, mentions }: { seq: number; unread: number; mentions: number }, upTo: number): Room {
  if (room.read !== null && seq < room.read) return room;
  return { ...room, read: seq, counted: { upTo, unread, mentions } };
}

function present(room: Room, news: Extract<News, { type: "presence" }>): Room {
  const people = new Map(news.all ? [] : room.people);
  for (const user of news.left) people.delete(user.id);
  for (const user of news.joined) people.set(user.id, user);
  return { ...room, people, count: news.count };
}
