import type { Event, News, User } from "../client/types";
import { lineAt, type Message } from "./lines";
import { mark, unmarked, type Marks } from "./marks";
import { append, emptyAt, join, joinable, newest, oldest, stretchOf, type Stretch } from "./stretch";

/** What the server counted as unread, of the events up to upTo. */
export interface Counted {
  readonly upTo: number;
  readonly unread: number;
  readonly mentions: number;
}

export const noCount: Counted = { upTo: 0, unread: 0, mentions: 0 };

/** What this page knows of a room. */
export interface Room {
  /** Whether the server has let one in since the line was last opened, and has told what was missed. */
  readonly at: "outside" | "catching up" | "live";
  /** One life of the room's log; empty before the server has told. */
  readonly epoch: string;
  /** The oldest event that is kept. */
  readonly first: number;
  readonly topic: string;
  /** The newest events: it grows as they come. */
  readonly live: Stretch;
  /** Older ones, where the reader is; null while that is at the newest. */
  readonly away: Stretch | null;
  /** Messages that are answered by ones that are here, and stand in neither; null for one that is not kept. */
  readonly quoted: ReadonlyMap<number, Message | null>;
  readonly marks: ReadonlyMap<number, Marks>;
  /** Who is here; in a big room the first of them. */
  readonly people: ReadonlyMap<string, User>;
  /** How many are here. */
  readonly count: number;
  readonly typing: readonly User[];
  /** The last event that one has read, 0 for none; null before the server has told. */
  readonly read: number | null;
  readonly counted: Counted;
  /** Where one had read to when one came: what others said after it is new. null for nothing new. */
  readonly newAfter: number | null;
}

/** How many lines the page keeps of a room: of one whose end is on the screen, in which one scrolls, and that is not on the screen. */
export const kept = { live: 1000, shown: 3000, later: 200 } as const;

export const newRoom: Room = {
  at: "outside",
  epoch: "",
  first: 1,
  topic: "",
  live: emptyAt(1),
  away: null,
  quoted: new Map(),
  marks: new Map(),
  people: new Map(),
  count: 0,
  typing: [],
  read: null,
  counted: noCount,
  newAfter: null,
};

/** joined is the room once the server has let one in: its events go on where they stood, or begin anew. */
export function joined(room: Room, { log, from, count, reset }: Extract<News, { type: "joined" }>): Room {
  const standing: Room = { ...room, at: "catching up", epoch: log.epoch, first: log.first, topic: log.topic, count };
  if (reset === undefined && log.epoch === room.epoch && from === room.live.to + 1) return standing;
  const begun = { ...standing, live: emptyAt(from) };
  // Who was led to a message by a search may have come before this answer.
  return room.epoch === "" ? begun : { ...begun, away: null, quoted: new Map(), marks: new Map(), newAfter: null };
}

/** Where the reader is: at a room's newest line, further up in it, or in another room. */
export type Reader = "at the end" | "further up" | "elsewhere";

/** receive is the room after its next event. */
export function receive(room: Room, event: Event, reader: Reader): Room {
  const live = append(room.live, event);
  if (live === room.live) return room;
  const topic = event.kind === "topic" ? (event.text ?? "") : room.topic;
  const grown = marked({ ...room, live, topic }, [event]);
  if (reader === "further up") return parted(grown);
  const most = reader === "elsewhere" ? kept.later : kept.live;
  return live.lines.length < most + 100 ? grown : trimmed(grown, most); // by the hundred: what is left is looked through each time
}

/** shown is the stretch on the screen. */
export function shown(room: Room): Stretch {
  return room.away ?? room.live;
}

export function hasOlder(room: Room): boolean {
  return room.epoch !== "" && shown(room).from > room.first;
}

/** withOlder is the room with the page of events before those on the screen; an empty page says that there is nothing older. */
export function withOlder(room: Room, events: readonly Event[], first: number): Room {
  const here = shown(room);
  if (events.length === 0) return { ...room, first: Math.max(first, here.from) };
  const page = stretchOf(events);
  if (!joinable(page, here)) return { ...room, first };
  const longer = join(page, here);
  const known = { ...marked(room, events), first };
  return room.away === null ? parted({ ...known, live: longer }) : { ...known, away: oldest(longer, kept.shown) };
}

/** withNewer is the room with the page of events after those on the screen, when these are not the newest. */
export function withNewer(room: Room, events: readonly Event[], first: number): Room {
  const { away } = room;
  if (away === null || events.length === 0) return room;
  const page = stretchOf(events);
  if (!joinable(away, page)) return room;
  return reunited({ ...marked(room, events), first, away: newest(join(away, page), kept.shown) });
}

/** lookedUp is the room with a page around something old on the screen. */
export function lookedUp(room: Room, events: readonly Event[], first: number): Room {
  if (events.length === 0) return { ...room, first };
  return reunited({ ...marked(room, events), first, away: stretchOf(events) });
}

/** atNewest is the room with its newest lines on the screen. */
export function atNewest(room: Room): Room {
  return room.away === null ? room : { ...room, away: null };
}

/** left keeps of a room what is wanted when one comes back to it. */
export function left(room: Room): Room {
  return { ...trimmed(atNewest(room), kept.later), newAfter: null };
}

/** messageAt is a message wherever the page has it; null for one that is known not to be kept, undefined for one to ask for. */
export function messageAt(room: Room, seq: number): Message | null | undefined {
  for (const { from, to, lines } of [shown(room), room.live]) {
    if (seq < from || seq > to) continue;
    const line = lineAt(lines, seq);
    return line?.kind === "message" ? line : null;
  }
  return seq < room.first ? null : room.quoted.get(seq);
}

export function withQuoted(room: Room, seq: number, message: Message | null): Room {
  return { ...room, quoted: new Map(room.quoted).set(seq, message) };
}

export function marksOf(room: Room, seq: number): Marks {
  return room.marks.get(seq) ?? unmarked;
}

/** textOf is a message's newest text; null once it was deleted. */
export function textOf(message: Message, marks: Marks): string | null {
  if (message.deleted || marks.deleted) return null;
  return marks.edit !== null && marks.edit.at >= message.edited ? marks.edit.text : message.text;
}

/** parted is a room that has grown too long for the screen, with the reader, who is further up, away from the newest lines. */
function parted(room: Room): Room {
  const { live, away } = room;
  if (away !== null || live.lines.length <= kept.shown) return room;
  return { ...room, away: oldest(live, kept.shown), live: newest(live, kept.later) };
}

function reunited(room: Room): Room {
  const { away, live } = room;
  return away !== null && joinable(away, live) ? { ...room, away: null, live: join(away, live) } : room;
}

/** marked is the room with what events say about messages, whether these are here or not. */
function marked(room: Room, events: readonly Event[]): Room {
  if (!events.some((event) => event.target)) return room;
  const marks = new Map(room.marks);
  const gone = new Set<number>();
  for (const event of events) {
    if (!event.target) continue;
    marks.set(event.target, mark(marks.get(event.target) ?? unmarked, event));
    if (event.kind === "delete") gone.add(event.target);
  }
  if (gone.size === 0) return { ...room, marks };
  // What was deleted is not kept here either.
  const without = (stretch: Stretch): Stretch => ({
    ...stretch,
    lines: stretch.lines.map((line) => (line.kind === "message" && gone.has(line.seq) ? { ...line, text: "", deleted: true } : line)),
  });
  const quoted = new Map([...room.quoted].filter(([seq]) => !gone.has(seq)));
  return { ...room, marks, quoted, live: without(room.live), away: room.away && without(room.away) };
}

/** trimmed forgets all but the newest lines, and the marks that would be learnt again with what is forgotten. */
function trimmed(room: Room, most: number): Room {
  const live = newest(room.live, most);
  if (live === room.live) return room;
  const marks = new Map(room.marks);
  for (const [seq, { reactions }] of marks) {
    if (seq < live.from && reactions.every((one) => one.seq < live.from)) marks.delete(seq);
  }
  return { ...room, live, marks };
}
