import type { Event, User } from "../client/types";

/** One person's emoji on a message, or that they took it off again: seq says which of the two came last. */
export interface Reaction {
  readonly emoji: string;
  readonly user: User;
  readonly seq: number;
  readonly on: boolean;
}

/**
 * What became of a message after it was said. Marks are kept apart from messages,
 * so that they may be learnt in any order, and before the message itself is.
 */
export interface Marks {
  /** Its newest text, and when it got it. */
  readonly edit: { readonly text: string; readonly at: number } | null;
  readonly deleted: boolean;
  readonly reactions: readonly Reaction[];
}

export const unmarked: Marks = { edit: null, deleted: false, reactions: [] };

/** mark is marks after an event about their message. The order of events does not matter, nor do repeats. */
export function mark(marks: Marks, event: Event): Marks {
  switch (event.kind) {
    case "edit":
      if (marks.deleted || (marks.edit !== null && marks.edit.at > event.ts)) return marks;
      return event.deleted ? { ...marks, edit: null, deleted: true } : { ...marks, edit: { text: event.text ?? "", at: event.ts } };
    case "delete":
      return { ...marks, edit: null, deleted: true };
    case "react":
    case "unreact":
      return { ...marks, reactions: reacted(marks.reactions, event, event.kind === "react") };
    default:
      return marks;
  }
}

function reacted(reactions: readonly Reaction[], { emoji = "", user, seq }: Event, on: boolean): readonly Reaction[] {
  const at = reactions.findIndex((one) => one.emoji === emoji && one.user.id === user.id);
  const now = { emoji, user, seq, on };
  const known = reactions[at];
  if (known === undefined) return [...reactions, now];
  return known.seq >= seq ? reactions : reactions.with(at, now);
}

/** An emoji as it stands under a message. */
export interface Chip {
  readonly emoji: string;
  readonly users: readonly User[];
  readonly mine: boolean;
}

/** chips are a message's reactions, the emoji that came first at the front. */
export function chips(reactions: readonly Reaction[], me: string): readonly Chip[] {
  const byEmoji = new Map<string, User[]>();
  for (const { emoji, user, on } of [...reactions].sort((a, b) => a.seq - b.seq)) {
    if (!on) continue;
    const users = byEmoji.get(emoji);
    if (users) users.push(user);
    else byEmoji.set(emoji, [user]);
  }
  return Array.from(byEmoji, ([emoji, users]) => ({ emoji, users, mine: users.some((user) => user.id === me) }));
}
