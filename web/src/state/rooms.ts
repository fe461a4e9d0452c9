import type { Chat } from "./chat";

/** roomNames are the rooms that the page lists: those visited and the one on the screen, by name. */
export function roomNames({ visited, room }: Chat): readonly string[] {
  return [...new Set([...visited, room])].sort((a, b) => a.localeCompare(b));
}

/** roomBeside is the room that many places below the one on the screen, or above it; the list has no ends. */
export function roomBeside(chat: Chat, places: number): string {
  const names = roomNames(chat);
  const at = names.indexOf(chat.room) + places + names.length;
  return names[at % names.length] ?? chat.room;
}
