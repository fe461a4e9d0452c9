import type { Outbox } from "../outbox/outbox";
import type { Stop } from "../socket/closing";

/** One line of a room as it is read; never changed once it stands. */
export type Line = { readonly key: string; readonly at: number } & (
  | { readonly kind: "message"; readonly user: string; readonly text: string }
  | { readonly kind: "notice"; readonly text: string }
  // The tutorial dialect has no history: what was said while this page was not in the room is not here.
  | { readonly kind: "gap"; readonly since: number }
);

/** What this page knows of a room that it has been in. */
export interface Room {
  readonly lines: readonly Line[];
  readonly users: readonly string[];
  /** How many are present; more than users holds, in a big room. */
  readonly count: number;
  /** When this page last left it, or lost its line; null while it is in it, or was never. */
  readonly awaySince: number | null;
  /** The key of the first line that came while nobody looked. */
  readonly newFrom: string | null;
}

/** The line to the server, as far as a person should know. */
export type Link =
  | { readonly is: "opening" }
  | { readonly is: "open" }
  | { readonly is: "down" }
  | { readonly is: "stopped"; readonly why: Stop | "not signed in" | "forbidden" | "no socket"; readonly code: number };

/** The one command that the server has not answered yet. */
export type Asked =
  | { readonly what: "join"; readonly room: string }
  | { readonly what: "chat"; readonly key: string };

/** Something to say under the header for a moment. */
export type Word = { readonly key: string; readonly text: string };

export interface Chat {
  /** The door is where one says one's name; wrong says what was wrong with it. */
  readonly at: { readonly screen: "door"; readonly wrong: { readonly what: "name" | "room"; readonly text: string } | null } | { readonly screen: "room" };
  /** The name as typed; once joined, as the server shows it. */
  readonly name: string;
  /** Whether a token vouches for the name; then it does so for all names here. */
  readonly signedIn: boolean;
  /** The room on the screen. */
  readonly room: string;
  /** The room that the server has this page in. */
  readonly joined: string | null;
  readonly rooms: Readonly<Record<string, Room>>;
  /** The names of rooms that this browser has been in. */
  readonly visited: readonly string[];
  readonly outbox: Outbox;
  readonly link: Link;
  readonly asked: Asked | null;
  readonly word: Word | null;
  /** When the chats of this line that count towards the rate limit were sent. */
  readonly spoke: readonly number[];
  /** What others said while the page was hidden. */
  readonly unread: number;
  readonly hidden: boolean;
}

export const emptyRoom: Room = { lines: [], users: [], count: 0, awaySince: null, newFrom: null };

/** How many lines of a room the page keeps. */
export const mostLines = 500;

export function roomOf(chat: Chat, name: string): Room {
  return Object.hasOwn(chat.rooms, name) ? (chat.rooms[name] ?? emptyRoom) : emptyRoom;
}

export function withRoom(chat: Chat, name: string, change: (room: Room) => Partial<Room>): Chat {
  const room = roomOf(chat, name);
  return { ...chat, rooms: { ...chat.rooms, [name]: { ...room, ...change(room) } } };
}

export function withLine(lines: readonly Line[], line: Line): readonly Line[] {
  return [...lines.slice(Math.max(0, lines.length + 1 - mostLines)), line];
}

let made = 0;

/** newKey is unlike every other key of this browser's tab. */
export function newKey(now: number): string {
  made++;
  return `${now.toString(36)}-${made.toString(36)}`;
}
