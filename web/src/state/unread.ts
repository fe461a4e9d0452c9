import type { Line } from "./lines";
import { isMention } from "./mentions";
import { marksOf, noCount, textOf, type Counted, type Room } from "./room";

export type Unread = Pick<Counted, "unread" | "mentions">;

/**
 * unread counts what others said after the read mark: from the lines where they reach
 * back to it, else from the server's count on.
 */
export function unread(room: Room, me: string, name: string): Unread {
  const of = `${me} ${name}`;
  const known = counts.get(room);
  if (known?.of === of) return known.is;
  const is = count(room, me, name);
  counts.set(room, { of, is });
  return is;
}

// A room is counted once for each of its states, however many views ask.
const counts = new WeakMap<Room, { readonly of: string; readonly is: Unread }>();

function count(room: Room, me: string, name: string): Unread {
  const { live, counted } = room;
  const read = room.read ?? live.to;
  const whole = live.from <= read + 1;
  const after = whole ? read : Math.max(read, counted.upTo);
  let { unread, mentions } = whole ? noCount : counted;
  for (let i = live.lines.length - 1; i >= 0; i--) {
    const line = live.lines[i];
    if (!line || line.seq <= after) break;
    if (line.kind !== "message" || line.user.id === me) continue;
    const text = textOf(line, marksOf(room, line.seq));
    if (text === null) continue;
    unread++;
    if (isMention(text, name)) mentions++;
  }
  return { unread, mentions };
}

/** firstNew is the first of lines that is new to who came when newAfter was their read mark; null if none is. */
export function firstNew(lines: readonly Line[], newAfter: number | null, me: string): number | null {
  if (newAfter === null) return null;
  return lines.find((line) => line.seq > newAfter && line.user.id !== me)?.seq ?? null;
}
