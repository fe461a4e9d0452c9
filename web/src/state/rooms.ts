import type { Chat } from "./chat";
import { unread, type Unread } from "./unread";

/** A room as the list of rooms shows it. */
export interface Listed extends Unread {
  readonly name: string;
}

/** mine are the rooms that one is in, by name. */
export function mine(chat: Chat): readonly Listed[] {
  const { id = "", name: called = "" } = chat.me ?? {};
  return [...chat.rooms].map(([name, room]) => ({ name, ...unread(room, id, called) })).sort((a, b) => a.name.localeCompare(b.name));
}

/** others are the open rooms that one is not in and that have people, or had; the fullest first. */
export function others(chat: Chat): Chat["listed"] {
  return chat.listed.filter(({ name }) => !chat.rooms.has(name)).sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** beside is the room so many places below the one on the screen, or above it; the list has no ends. */
export function beside(chat: Chat, places: 1 | -1, onlyUnread: boolean): string {
  const list = mine(chat).filter((room) => room.name === chat.here || !onlyUnread || room.unread > 0);
  const at = list.findIndex((room) => room.name === chat.here) + places + list.length;
  return list[at % list.length]?.name ?? chat.here;
}

/** unreadInAll is what the page's title counts. */
export function unreadInAll(chat: Chat): number {
  return mine(chat).reduce((sum, room) => sum + room.unread, 0);
}
