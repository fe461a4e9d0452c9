// The outbox: what a person wrote and the server has not answered, in the order
// written. A draft is in exactly one place at a time.
//
// The tutorial dialect names neither a message nor its answer, so at most one
// draft is with the server at any time: the next answer is then about that one.

/** Why a draft waits although the line is open. */
export type Hold = "too fast" | "not saved";

export type Draft = { readonly key: string; readonly room: string; readonly text: string; readonly at: number } & (
  | { readonly state: "waiting" }
  | { readonly state: "held"; readonly why: Hold; readonly until: number }
  | { readonly state: "sent" }
  | { readonly state: "refused"; readonly why: string }
  // The line broke while it was with the server. Without a key in the dialect,
  // sending it again by ourselves could say it twice: the person decides.
  | { readonly state: "unsure" }
);

export type Outbox = readonly Draft[];

export function write(outbox: Outbox, key: string, room: string, text: string, at: number): Outbox {
  return [...outbox, { key, room, text, at, state: "waiting" }];
}

/** next is the draft to send now. One that is held keeps those behind it waiting, for the order's sake. */
export function next(outbox: Outbox, room: string, now: number): Draft | null {
  if (outbox.some((draft) => draft.state === "sent")) return null;
  const first = outbox.find((draft) => draft.room === room && (draft.state === "waiting" || draft.state === "held"));
  if (!first || (first.state === "held" && first.until > now)) return null;
  return first;
}

export function sent(outbox: Outbox, key: string): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "sent" }));
}

export function held(outbox: Outbox, key: string, why: Hold, until: number): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "held", why, until }));
}

export function refused(outbox: Outbox, key: string, why: string): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "refused", why }));
}

export function waiting(outbox: Outbox, key: string): Outbox {
  return change(outbox, key, (draft) => ({ ...base(draft), state: "waiting" }));
}

/** lineLost: what was with the server may or may not have been said. */
export function lineLost(outbox: Outbox): Outbox {
  return outbox.map((draft) => (draft.state === "sent" ? { ...base(draft), state: "unsure" } : draft));
}

/** again sends a draft once more; it goes last, since it will be heard last. */
export function again(outbox: Outbox, key: string, now: number): Outbox {
  const draft = outbox.find((one) => one.key === key);
  if (!draft || (draft.state !== "refused" && draft.state !== "unsure")) return outbox;
  return [...without(outbox, key), { ...base(draft), at: now, state: "waiting" }];
}

export function without(outbox: Outbox, key: string): Outbox {
  return outbox.filter((draft) => draft.key !== key);
}

/** unsent counts what will go out by itself. */
export function unsent(outbox: Outbox, room: string): number {
  return outbox.filter((draft) => draft.room === room && (draft.state === "waiting" || draft.state === "held")).length;
}

function change(outbox: Outbox, key: string, to: (draft: Draft) => Draft): Outbox {
  return outbox.map((draft) => (draft.key === key ? to(draft) : draft));
}

function base({ key, room, text, at }: Draft): Pick<Draft, "key" | "room" | "text" | "at"> {
  return { key, room, text, at };
}
