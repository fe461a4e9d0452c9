import type { Event, User } from "../client/types";

interface Said {
  readonly seq: number;
  readonly at: number;
  readonly user: User;
  readonly text: string;
}

/** A message as it was read; what became of it since stands in its marks. */
export interface Message extends Said {
  readonly kind: "message";
  /** What its sender called it; empty for none. */
  readonly key: string;
  /** The message that it answers; 0 for none. */
  readonly replyTo: number;
  /** When its text was last changed; 0 for never. */
  readonly edited: number;
  readonly deleted: boolean;
}

/** What somebody made the room's topic. */
export interface NewTopic extends Said {
  readonly kind: "topic";
}

/** What a room's list shows of its log: the other events change how these look. */
export type Line = Message | NewTopic;

/** lineOf is the line that an event is; null for one that changes another. */
export function lineOf(event: Event): Line | null {
  const { seq, ts: at, user, text = "" } = event;
  switch (event.kind) {
    case "message": {
      const { key = "", reply_to: replyTo = 0, edited = 0, deleted = false } = event;
      return { kind: "message", seq, at, user, text, key, replyTo, edited, deleted };
    }
    case "topic":
      return { kind: "topic", seq, at, user, text };
    default:
      return null;
  }
}

/** indexOf is where in lines seq stands, or the next one after it. */
export function indexOf(lines: readonly Line[], seq: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] as Line).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function lineAt(lines: readonly Line[], seq: number): Line | null {
  const line = lines[indexOf(lines, seq)];
  return line?.seq === seq ? line : null;
}
