import { cleanRoom, wrongName } from "../state/words";

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
