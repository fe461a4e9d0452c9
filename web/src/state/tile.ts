import type { User } from "../client/types";

/** How many hues tiles have; style/tile.css has a class for each. */
export const hues = 12;

/** hueOf gives a user's id the same hue on every page (FNV-1a). */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % hues;
}

/** isGuest: nobody vouches for this name. The ids of guests, and no others, begin so. */
export function isGuest(user: User): boolean {
  return user.id.startsWith("guest.");
}

/** initials are the first letters of a name's first and last word, as people see letters. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}\p{Emoji}]/u.test(word));
  const first = letter(words[0] ?? name);
  const last = words.length > 1 ? letter(words[words.length - 1] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function letter(word: string): string {
  for (const { segment } of letters.segment(word)) return segment;
  return "";
}
