// Where the reader is, and what they have seen there.
import type { ParleyError } from "../client/types";
import { withRoom, type Chat, type Wrong } from "./chat";
import { left, newRoom, type Room } from "./room";
import { unread } from "./unread";

/** goTo is the chat with another room on the screen, painted with what is known of it. */
export function goTo(chat: Chat, name: string): Chat {
  const rooms = new Map(chat.rooms);
  const before = rooms.get(chat.here);
  if (before !== undefined && name !== chat.here) rooms.set(chat.here, left(before));
  const room = rooms.get(name) ?? newRoom;
  rooms.set(name, room);
  return arrived({ ...chat, screen: { is: "room" }, here: name, rooms, atEnd: false }, room.epoch !== "");
}

/** arrived marks what is new to who comes into the room on the screen, unless all of it is: they were never there before. */
export function arrived(chat: Chat, before: boolean): Chat {
  return withRoom(chat, chat.here, (room) => {
    const been = before || (room.read ?? 0) > 0;
    return { ...room, newAfter: been && news(chat, room) ? room.read : null };
  });
}

/** watched is the chat once somebody looks at the page, or nobody does any more: what comes then is new. */
export function watched(chat: Chat, watched: boolean): Chat {
  if (watched === chat.watched) return chat;
  return withRoom({ ...chat, watched }, chat.here, (room) => {
    if (watched) return news(chat, room) ? room : { ...room, newAfter: null };
    return { ...room, newAfter: news(chat, room) ? room.newAfter : room.live.to };
  });
}

/** wrote is the chat once one has answered what was new. */
export function wrote(chat: Chat): Chat {
  return withRoom(chat, chat.here, (room) => (room.newAfter === null ? room : { ...room, newAfter: null }));
}

/** toRead is how far the reader has come since the read mark was set; null where they have not, or nobody looks. */
export function toRead(chat: Chat): number | null {
  const room = chat.rooms.get(chat.here);
  if (chat.screen.is !== "room" || !chat.watched || !chat.atEnd || room?.at !== "live" || room.read === null || room.away !== null) return null;
  return news(chat, room) ? room.live.to : null;
}

/** read is the chat with the read mark of the room on the screen at seq. */
export function read(chat: Chat, seq: number): Chat {
  return withRoom(chat, chat.here, (room) => ({ ...room, read: seq, counted: { upTo: seq, unread: 0, mentions: 0 } }));
}

/** refused is the chat once the server did not let one into a room: one stays where one was, if anywhere. */
export function refused(chat: Chat, name: string, error: ParleyError): Chat {
  const rooms = new Map(chat.rooms);
  rooms.delete(name);
  const then = { ...chat, rooms };
  if (chat.screen.is !== "room") return then;
  const wrong = wrongRoom(name, error);
  if (name !== chat.here) return { ...then, word: { text: wrong.text } };
  const before = [...rooms].find(([, room]) => room.at !== "outside")?.[0];
  if (before === undefined) return { ...then, screen: { is: "door", wrong } };
  return { ...goTo(then, before), word: { text: wrong.text } };
}

function wrongRoom(name: string, { code, text }: ParleyError): Wrong {
  switch (code) {
    case "forbidden":
      return { what: "room", text: `Your sign-in doesn’t let you into #${name}.` };
    case "invalid_room":
      return { what: "room", text: "There can’t be a room of that name. It can have 64 characters, all of them visible." };
    default:
      return { what: "room", text: `#${name} doesn’t open: ${text || code}` };
  }
}

function news(chat: Chat, room: Room): boolean {
  return unread(room, chat.me?.id ?? "", chat.me?.name ?? "").unread > 0;
}
