import type { Change, Chat, Does } from "./chat";

// A change shows as soon as it is asked for, and is given up once the log has it:
// what is in the log shows by itself.

export function asked(chat: Chat, key: number, seq: number, does: Does): Chat {
  return { ...chat, changes: [...chat.changes, { key, room: chat.here, seq, does, event: null }] };
}

/** written is the chat once the server has answered that a change became an event. */
export function written(chat: Chat, key: number, event: number): Chat {
  return withoutDone({ ...chat, changes: chat.changes.map((change) => (change.key === key ? { ...change, event } : change)) });
}

export function withoutChange(chat: Chat, key: number): Chat {
  return { ...chat, changes: chat.changes.filter((change) => change.key !== key) };
}

export function withoutDone(chat: Chat): Chat {
  if (chat.changes.length === 0) return chat;
  const done = ({ room, event }: Change) => event !== null && event <= (chat.rooms.get(room)?.live.to ?? event);
  return { ...chat, changes: chat.changes.filter((change) => !done(change)) };
}
