import * as outbox from "../outbox/outbox";
import { newKey, withLine, withRoom, type Asked, type Chat } from "../state/chat";
import type { ServerFrame } from "./decode";

/** receive is the chat after a frame of the server. */
export function receive(chat: Chat, frame: ServerFrame, now: number): Chat {
  switch (frame.type) {
    case "system":
      return notice(chat, frame, now);
    case "chat":
      return message(chat, frame, now);
    case "error":
      return refusal(chat, frame.text, now);
  }
}

function notice(chat: Chat, frame: Extract<ServerFrame, { type: "system" }>, now: number): Chat {
  const people = { users: frame.users, count: frame.count };
  if (chat.asked?.what === "join" && frame.text.endsWith(` joined #${chat.asked.room}`)) {
    return joined(chat, chat.asked.room, frame.text, people, now);
  }
  if (chat.joined === null) return chat;
  // The room is on the screen anyway: "grace joined" says it all.
  const text = frame.text.endsWith(` #${chat.joined}`) ? frame.text.slice(0, -` #${chat.joined}`.length) : frame.text;
  return withRoom(chat, chat.joined, (room) => ({
    ...people,
    lines: withLine(room.lines, { kind: "notice", key: newKey(now), at: now, text }),
  }));
}

/** The server's notice of one's own arrival also tells the name that one goes by here. */
function joined(chat: Chat, name: string, text: string, people: { users: readonly string[]; count: number }, now: number): Chat {
  const me = text.slice(0, -` joined #${name}`.length);
  const left = chat.joined === null ? chat : withRoom(chat, chat.joined, () => ({ awaySince: now }));
  const then = withRoom({ ...left, name: me, joined: name, asked: null }, name, (room) => ({
    ...people,
    awaySince: null,
    lines: withLine(
      room.lines,
      room.awaySince === null
        ? { kind: "notice", key: newKey(now), at: now, text: `You joined as ${me}` }
        : { kind: "gap", key: newKey(now), at: now, since: room.awaySince },
    ),
  }));
  return { ...then, visited: [name, ...chat.visited.filter((room) => room !== name)].slice(0, 50) };
}

function message(chat: Chat, frame: Extract<ServerFrame, { type: "chat" }>, now: number): Chat {
  if (chat.joined === null) return chat;
  const mine = echoed(chat, frame);
  const line = {
    kind: "message",
    // An own message keeps its draft's key, so that it stays the same element on the screen.
    key: mine?.key ?? newKey(now),
    at: frame.timestamp,
    user: frame.username,
    text: frame.text,
  } as const;
  const unseen = chat.hidden && !mine;
  const then = withRoom(chat, chat.joined, (room) => ({
    lines: withLine(room.lines, line),
    newFrom: unseen && chat.unread === 0 ? line.key : room.newFrom,
  }));
  return {
    ...then,
    unread: unseen ? chat.unread + 1 : chat.unread,
    asked: mine ? null : chat.asked,
    outbox: mine ? outbox.without(chat.outbox, mine.key) : chat.outbox,
  };
}

/** echoed is the draft that this message is, if it is one's own. */
function echoed(chat: Chat, frame: { username: string; text: string }): outbox.Draft | null {
  if (chat.asked?.what !== "chat" || frame.username !== chat.name) return null;
  const draft = asked(chat, chat.asked);
  return draft?.text === frame.text ? draft : null;
}

function refusal(chat: Chat, text: string, now: number): Chat {
  if (chat.asked === null) return chat;
  const then = { ...chat, asked: null };
  if (chat.asked.what === "join") return joinRefused(then, chat.asked.room, text, now);

  const draft = asked(chat, chat.asked);
  if (!draft) return then;
  if (text.startsWith("Slow down!")) {
    return { ...then, spoke: chat.spoke.slice(0, -1), outbox: outbox.held(chat.outbox, draft.key, "too fast", freeAt(chat, text, now)) };
  }
  switch (text) {
    case "Not saved, try again": // nobody saw it, so sending it again is safe
      return { ...then, outbox: outbox.held(chat.outbox, draft.key, "not saved", now + 3000) };
    case "Join a room first":
      return { ...then, joined: null, outbox: outbox.waiting(chat.outbox, draft.key) };
    case "Invalid text":
      return { ...then, outbox: outbox.refused(chat.outbox, draft.key, "the server can't take this text") };
    default:
      return { ...then, outbox: outbox.refused(chat.outbox, draft.key, `the server says “${text}”`) };
  }
}

/**
 * freeAt is when the limit lets the next chat through: once the oldest of those that
 * filled it has left its window. The refusal names the limit; it does not count itself.
 */
function freeAt(chat: Chat, text: string, now: number): number {
  const limit = /Max (\d+) msgs\/(\d+)s/.exec(text);
  const counted = chat.spoke.slice(0, -1);
  const oldest = counted[counted.length - Number(limit?.[1])];
  const free = oldest === undefined ? now + 1000 : oldest + Number(limit?.[2]) * 1000;
  return Math.max(free, now) + 250; // what the way there and two clocks may differ by
}

function joinRefused(chat: Chat, room: string, text: string, now: number): Chat {
  const wrong =
    text === "Invalid username"
      ? ({ what: "name", text: "That name can't be used here. It can have 40 characters, all of them visible." } as const)
      : text === "Invalid room"
        ? ({ what: "room", text: "There can't be a room of that name. It can have 64 characters, all of them visible." } as const)
        : text === "Not allowed"
          ? ({ what: "room", text: `Your sign-in doesn't let you into #${room}.` } as const)
          : ({ what: "room", text: `The server says “${text}”` } as const);
  // One stays where one was, if anywhere.
  if (chat.joined !== null) return { ...chat, room: chat.joined, word: { key: newKey(now), text: wrong.text } };
  return { ...chat, at: { screen: "door", wrong } };
}

function asked(chat: Chat, asked: Extract<Asked, { what: "chat" }>): outbox.Draft | null {
  return chat.outbox.find((draft) => draft.key === asked.key) ?? null;
}
