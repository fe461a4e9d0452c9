import type { Draft } from "../outbox/outbox";
import type { Line, Room } from "./chat";

type Message = Extract<Line, { kind: "message" }>;
type Notice = Extract<Line, { kind: "notice" }>;

/** What stands in the list, top to bottom. head: the first of a person's group, with tile and name. */
export type Row =
  | { readonly is: "day"; readonly key: string; readonly at: number }
  | { readonly is: "new"; readonly key: string }
  | { readonly is: "gap"; readonly key: string; readonly line: Extract<Line, { kind: "gap" }> }
  | { readonly is: "notice"; readonly key: string; readonly line: Notice }
  | { readonly is: "fold"; readonly key: string; readonly lines: readonly Notice[] }
  | { readonly is: "message"; readonly key: string; readonly line: Message; readonly head: boolean }
  | { readonly is: "draft"; readonly key: string; readonly draft: Draft; readonly head: boolean };

const together = 5 * 60_000;
const foldFrom = 10;

/** rows puts a room's lines and one's own drafts into groups, folds and days. */
export function rows(room: Room, drafts: readonly Draft[], me: string): readonly Row[] {
  const out: Row[] = [];
  let day = "";
  let last: { user: string; at: number } | null = null; // whose group is open

  const begin = (key: string, at: number): void => {
    const today = new Date(at).toDateString();
    if (today === day) return;
    if (day !== "" || today !== new Date().toDateString()) out.push({ is: "day", key: `day ${key}`, at });
    day = today;
    last = null;
  };
  const head = (user: string, at: number): boolean => {
    const first = last === null || last.user !== user || at - last.at >= together;
    last = { user, at };
    return first;
  };

  for (let i = 0; i < room.lines.length; i++) {
    const line = room.lines[i] as Line;
    begin(line.key, line.at);
    if (line.key === room.newFrom) {
      out.push({ is: "new", key: "new" });
      last = null;
    }
    switch (line.kind) {
      case "message":
        out.push({ is: "message", key: line.key, line, head: head(line.user, line.at) });
        break;
      case "gap":
        out.push({ is: "gap", key: line.key, line });
        last = null;
        break;
      case "notice": {
        const run = noticesFrom(room, i);
        if (run.length >= foldFrom) {
          out.push({ is: "fold", key: `fold ${line.key}`, lines: run });
          i += run.length - 1;
        } else {
          out.push({ is: "notice", key: line.key, line });
        }
        last = null;
        break;
      }
    }
  }
  for (const draft of drafts) {
    begin(draft.key, draft.at);
    out.push({ is: "draft", key: draft.key, draft, head: head(me, draft.at) });
  }
  return out;
}

function noticesFrom(room: Room, from: number): readonly Notice[] {
  const run: Notice[] = [];
  for (const line of room.lines.slice(from)) {
    if (line.kind !== "notice" || (run.length > 0 && line.key === room.newFrom)) break;
    run.push(line);
  }
  return run;
}
