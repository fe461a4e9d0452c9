import { cleanRoom, wrongName } from "../state/words";
import { openSheet } from "./sheet";

/** roomInAddress is the room that the page's address names (/#room), or null. */
export function roomInAddress(): string | null {
  if (location.hash.length < 2) return null;
  const room = cleanRoom(decode(location.hash.slice(1)));
  return wrongName("room", room) === null ? room : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray %, typed by hand
  }
}

export function hashOf(room: string): string {
  return `#${encodeURIComponent(room)}`;
}

/** linkTo is what one sends to a friend. */
export function linkTo(room: string): string {
  const link = new URL(document.baseURI);
  link.search = "";
  link.hash = hashOf(room);
  return link.href;
}

/** goTo makes room the page's address: a new step in the history, unless a sheet's step can be turned into it. */
export function goTo(room: string): void {
  if (openSheet() === null) history.pushState(null, "", hashOf(room));
  else history.replaceState(null, "", hashOf(room));
}

/** correctTo changes the address without a step in the history. */
export function correctTo(room: string): void {
  history.replaceState(history.state, "", hashOf(room));
}
