import type { Draft, Line, RoomSummary, User } from "../client/types";
import type { Room } from "./room";

/** A change of a message that is not in the log yet. */
export interface Change {
  readonly key: number;
  readonly room: string;
  readonly seq: number;
  readonly does: Does;
  /** The event that it became; null before the server's answer. */
  readonly event: number | null;
}

export type Does =
  | { readonly what: "edit"; readonly text: string }
  | { readonly what: "delete" }
  | { readonly what: "react"; readonly emoji: string; readonly on: boolean };

/** Something to say under the header for a moment. */
export interface Word {
  readonly text: string;
}

/** Where one is: at the door, where one says one's name, or in a room. wrong says what was wrong with what one typed. */
export type Screen = { readonly is: "door"; readonly wrong: Wrong | null } | { readonly is: "room" };

export interface Wrong {
  readonly what: "name" | "room";
  readonly text: string;
}

export interface Chat {
  readonly screen: Screen;
  readonly line: Line;
  /** Who one is; null before the server has said. */
  readonly me: User | null;
  readonly guest: boolean;
  /** Whether the page was opened with a token. */
  readonly token: boolean;
  /** The name of last time, or as typed at the door. */
  readonly name: string;
  /** The room on the screen. */
  readonly here: string;
  /** The rooms that one is in, and those that one was in last time, by name. */
  readonly rooms: ReadonlyMap<string, Room>;
  /** All open rooms, as the server last told. */
  readonly listed: readonly RoomSummary[];
  readonly drafts: readonly Draft[];
  readonly changes: readonly Change[];
  readonly word: Word | null;
  /** Since the line was lost: how many messages of others came to the room on the screen. null while there is nothing to catch up. */
  readonly missed: number | null;
  /** Whether the newest line of the room is on the screen. */
  readonly atEnd: boolean;
  /** Whether somebody looks at the page. */
  readonly watched: boolean;
}

export function withRoom(chat: Chat, name: string, change: (room: Room) => Room): Chat {
  const room = chat.rooms.get(name);
  if (room === undefined) return chat;
  const changed = change(room);
  return changed === room ? chat : { ...chat, rooms: new Map(chat.rooms).set(name, changed) };
}
