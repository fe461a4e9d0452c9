// The rules for names, rooms and texts, as the server has them: a text is made
// to fit before it is sent, so that nothing a person typed comes back refused.

export const maxName = 40;
export const maxRoom = 64;
export const maxText = 4000;
export const maxTopic = 250;

export const anonymous = "Anonymous";
export const general = "general";

const controls = /[\u0000-\u001f\u007f-\u009f]/u;
const invisible = /[\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\u061c]/u;
const controlsInText = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

/** cleanName is the name as the server will show it. */
export function cleanName(typed: string): string {
  return typed.normalize("NFC").trim() || anonymous;
}

/** cleanRoom is the room's name as the server will show it; a leading # is how people write it, not part of it. */
export function cleanRoom(typed: string): string {
  return typed.normalize("NFC").trim().replace(/^#+/, "") || general;
}

/** cleanText is the text as it can travel: line ends as \n, no control characters, no half surrogate pairs, no empty lines around it. */
export function cleanText(typed: string): string {
  const lines = typed.replace(/\r\n?/g, "\n").replace(controlsInText, "");
  return Array.from(lines, (point) => (/^[\ud800-\udfff]$/.test(point) ? "\ufffd" : point))
    .join("")
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd();
}

/** points counts code points, which is how the server counts. */
export function points(text: string): number {
  return Array.from(text).length;
}

/** wrongName says what is wrong with a name or room, or null. */
export function wrongName(what: "name" | "room", name: string): string | null {
  const most = what === "name" ? maxName : maxRoom;
  const length = points(name);
  if (length > most) return `That ${what} is ${length} characters long. It can have ${most}.`;
  if (controls.test(name) || invisible.test(name)) return `That ${what} holds characters that can't be seen. Type it again.`;
  return null;
}

/** count says "1 message", "3 messages". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}
