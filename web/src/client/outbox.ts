// The outbox: what a person wrote that is not in its room's log yet, in the order
// written. A draft is in exactly one state at a time, and keeps its key through all
// of them: so the server writes it once, however often it is sent.

import type { Code, Draft } from "./types";

export type Outbox = readonly Draft[];

export function write(outbox: Outbox, key: string, room: string, text: string, replyTo: number, at: number): Outbox {
  return [...outbox, { key, room, text, replyTo, at, state: "waiting" }];
}

/**
 * next are the drafts to send now: of each room the first that may still go out, unless
 * it is with the server already. One that is held keeps those behind it waiting.
 */
export function next(outbox: Outbox, now: number): Outbox {
  return heads(outbox).filter((draft) => draft.state === "waiting" || (draft.state === "held" && draft.until <= now));
}

/** nextAt is when the first of those that are held may go out; null if none is. */
export function nextAt(outbox: Outbox): number | null {
  const times = heads(outbox).flatMap((draft) => (draft.state === "held" ? [draft.until] : []));
  return times.length > 0 ? Math.min(...times) : null;
}

export function sending(outbox: Outbox, key: string): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "sending" }));
}

export function held(outbox: Outbox, key: string, code: Code, until: number): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "held", code, until }));
}

export function sent(outbox: Outbox, key: string, seq: number): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "sent", seq }));
}

export function refused(outbox: Outbox, key: string, code: Code, why: string): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "refused", code, why }));
}

/** lineLost: what was with the server may have been stored or not. Its key makes it harmless to send it again. */
export function lineLost(outbox: Outbox): Outbox {
  return outbox.map((draft) => (draft.state === "sending" || draft.state === "held" ? { ...base(draft), state: "waiting" } : draft));
}

/** again sends a refused draft once more; it goes last, since it will be heard last. */
export function again(outbox: Outbox, key: string, newKey: string, at: number): Outbox {
  const draft = outbox.find((one) => one.key === key);
  if (draft?.state !== "refused") return outbox;
  // That key is another message's, whatever became of it.
  const then = draft.code === "key_reused" ? newKey : key;
  return [...without(outbox, key), { ...base(draft), key: then, at, state: "waiting" }];
}

export function without(outbox: Outbox, key: string): Outbox {
  return outbox.filter((draft) => draft.key !== key);
}

/** isUnsent: a draft that the server has not stored, as far as one knows. */
export function isUnsent(draft: Draft): boolean {
  return draft.state !== "sent";
}

function heads(outbox: Outbox): Outbox {
  const rooms = new Set<string>();
  return outbox.filter((draft) => {
    if (draft.state === "refused" || draft.state === "sent" || rooms.has(draft.room)) return false;
    rooms.add(draft.room);
    return true;
  });
}

function change(outbox: Outbox, key: string, to: (draft: Draft) => Draft): Outbox {
  return outbox.map((draft) => (draft.key === key ? to(draft) : draft));
}

function base({ key, room, text, replyTo, at }: Draft): Pick<Draft, "key" | "room" | "text" | "replyTo" | "at"> {
  return { key, room, text, replyTo, at };
}
