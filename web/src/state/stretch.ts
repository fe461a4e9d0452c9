import type { Event } from "../client/types";
import { indexOf, lineOf, type Line } from "./lines";

/** Stretch is a part of a room's log without holes: every event from one seq to another, to being from - 1 for none. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly Line[];
}

export function emptyAt(seq: number): Stretch {
  return { from: seq, to: seq - 1, lines: [] };
}

export function stretchOf(events: readonly Event[]): Stretch {
  return events.reduce(append, emptyAt(events[0]?.seq ?? 1));
}

/** append is a stretch with the event that follows it. One that it has changes nothing; one after a hole begins anew. */
export function append(stretch: Stretch, event: Event): Stretch {
  if (event.seq <= stretch.to) return stretch;
  if (event.seq > stretch.to + 1) return append(emptyAt(event.seq), event);
  const line = lineOf(event);
  return { from: stretch.from, to: event.seq, lines: line ? [...stretch.lines, line] : stretch.lines };
}

/** joinable: no event is missing between a stretch and a later one. */
export function joinable(earlier: Stretch, later: Stretch): boolean {
  return earlier.from <= later.from && earlier.to >= later.from - 1;
}

/** join puts two stretches together that are joinable. Where they overlap, the later one's lines stand. */
export function join(earlier: Stretch, later: Stretch): Stretch {
  return {
    from: earlier.from,
    to: Math.max(earlier.to, later.to),
    lines: [
      ...earlier.lines.slice(0, indexOf(earlier.lines, later.from)),
      ...later.lines,
      ...earlier.lines.slice(indexOf(earlier.lines, later.to + 1)),
    ],
  };
}

/** newest is a stretch's last lines, so many at most. */
export function newest(stretch: Stretch, most: number): Stretch {
  if (stretch.lines.length <= most) return stretch;
  const lines = stretch.lines.slice(-most);
  return { ...stretch, from: lines[0]?.seq ?? stretch.to + 1, lines };
}

/** oldest is a stretch's first lines, so many at most. */
export function oldest(stretch: Stretch, most: number): Stretch {
  if (stretch.lines.length <= most) return stretch;
  const lines = stretch.lines.slice(0, most);
  return { ...stretch, to: lines[most - 1]?.seq ?? stretch.from - 1, lines };
}
