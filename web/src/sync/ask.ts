import * as outbox from "../outbox/outbox";
import { newKey, withRoom, type Chat, type Link } from "../state/chat";
import { span } from "../state/words";

export type ClientFrame =
  | { readonly type: "join"; readonly username: string; readonly room: string }
  | { readonly type: "chat"; readonly text: string };

/**
 * ask is what should be sent now, and the chat once it is; null when there is
 * nothing to ask, or when an answer is still to come.
 */
export function ask(chat: Chat, now: number): { readonly frame: ClientFrame; readonly chat: Chat } | null {
  if (chat.at.screen !== "room" || chat.link.is !== "open" || chat.asked !== null) return null;
  if (chat.joined !== chat.room) {
    return {
      frame: { type: "join", username: chat.name, room: chat.room },
      chat: { ...chat, asked: { what: "join", room: chat.room } },
    };
  }
  const draft = outbox.next(chat.outbox, chat.room, now);
  if (!draft) return null;
  return {
    frame: { type: "chat", text: draft.text },
    chat: {
      ...chat,
      asked: { what: "chat", key: draft.key },
      spoke: [...chat.spoke.slice(-999), now],
      outbox: outbox.sent(chat.outbox, draft.key),
    },
  };
}

/** lineOpened: the server knows nothing of this page yet. */
export function lineOpened(chat: Chat): Chat {
  return { ...chat, link: { is: "open" }, joined: null, asked: null, spoke: [] };
}

/** lineLost: what was asked is not answered any more, and the room goes on without this page. */
export function lineLost(chat: Chat, link: Link, now: number): Chat {
  const then: Chat = { ...chat, link, joined: null, asked: null, outbox: outbox.lineLost(chat.outbox) };
  if (chat.joined === null) return then;
  return withRoom(then, chat.joined, () => ({ awaySince: now }));
}

/** back says that the line is there again, and what that means for the reader. */
export function back(chat: Chat, awayFor: number, now: number): Chat {
  return { ...chat, word: { key: newKey(now), text: `Back after ${span(awayFor)}. What was said meanwhile isn’t shown` } };
}
