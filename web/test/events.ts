import type { Event, News, Reset } from "../src/client/types";

type Given = Partial<Omit<Event, "seq" | "user">> & { readonly seq: number; readonly by?: string };

/** event is one of the lobby: unless said otherwise, a message by grace whose text and time are its seq. */
export function event({ by = "grace", ...given }: Given): Event {
  const event = { room: "lobby", kind: "message", ts: given.seq, user: { id: by, name: by }, ...given } as const;
  return event.kind === "message" && given.text === undefined && !given.deleted ? { ...event, text: `${given.seq}` } : event;
}

/** messages are those of grace from one seq to another. */
export function messages(from: number, to: number): Event[] {
  return Array.from({ length: to - from + 1 }, (_, i) => event({ seq: from + i }));
}

/** letIn is the server's answer to who joins the lobby. */
export function letIn({ from, first = 1, epoch = "e1", reset }: { from: number; first?: number; epoch?: string; reset?: Reset }): Extract<News, { type: "joined" }> {
  return { type: "joined", room: "lobby", log: { name: "lobby", epoch, first, head: from - 1, topic: "" }, from, count: 1, reset };
}
