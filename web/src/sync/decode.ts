// What the server says in the tutorial dialect, checked once at the door: past
// this file nothing is of unknown shape.

export type ServerFrame =
  | { readonly type: "system"; readonly text: string; readonly users: readonly string[]; readonly count: number }
  | { readonly type: "chat"; readonly username: string; readonly text: string; readonly timestamp: number }
  | { readonly type: "error"; readonly text: string };

/** decode reads one frame. A frame that this page does not know is null: a newer server may send more. */
export function decode(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  const frame = parse(data);
  if (!isRecord(frame) || typeof frame.text !== "string") return null;
  switch (frame.type) {
    case "system": {
      const users = Array.isArray(frame.users) ? frame.users.filter((user) => typeof user === "string") : [];
      // In a big room users holds the first names only, and count the whole number.
      const count = typeof frame.count === "number" ? Math.max(frame.count, users.length) : users.length;
      return { type: "system", text: frame.text, users, count };
    }
    case "chat":
      if (typeof frame.username !== "string" || typeof frame.timestamp !== "number") return null;
      return { type: "chat", username: frame.username, text: frame.text, timestamp: frame.timestamp };
    case "error":
      return { type: "error", text: frame.text };
    default:
      return null;
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
