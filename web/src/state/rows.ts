import type { Draft, User } from "../client/types";
import type { Line, Message, NewTopic } from "./lines";

/** What stands in the list, top to bottom. head: the first of a person's group, with tile and name. */
export type Row =
  | { readonly is: "day"; readonly key: string; readonly at: number }
  | { readonly is: "new"; readonly key: string }
  | { readonly is: "topic"; readonly key: string; readonly line: NewTopic }
  | { readonly is: "fold"; readonly key: string; readonly lines: readonly NewTopic[] }
  | { readonly is: "message"; readonly key: string; readonly line: Message; readonly head: boolean }
  | { readonly is: "draft"; readonly key: string; readonly draft: Draft; readonly head: boolean };

const together = 5 * 60_000;
const foldFrom = 10;

/**
 * rows puts lines, and after them one's own drafts, into groups, folds and days.
 * firstNew is the line with which begins what is new; null for none.
 */
export function rows(lines: readonly Line[], drafts: readonly Draft[], me: User, firstNew: number | null, now: number): readonly Row[] {
  const out: Row[] = [];
  const today = endOfDay(now);
  let dayEnds = 0;
  let group: { readonly user: string; readonly name: string; readonly at: number } | null = null;

  const begin = (key: string, at: number): void => {
    if (at < dayEnds) return;
    const begins = dayEnds === 0;
    dayEnds = endOfDay(at);
    // A list that begins today needs no word of it.
    if (begins && dayEnds === today) return;
    out.push({ is: "day", key: `day ${key}`, at });
    group = null;
  };
  const head = (user: string, name: string, at: number): boolean => {
    const first = group === null || group.user !== user || group.name !== name || at - group.at >= together;
    group = { user, name, at };
    return first;
  };

  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as Line;
    const key = keyOf(line, me.id);
    begin(key, line.at);
    if (line.seq === firstNew) {
      out.push({ is: "new", key: "new" });
      group = null;
    }
    if (line.kind === "message") {
      out.push({ is: "message", key, line, head: head(line.user.id, line.user.name, line.at) });
      continue;
    }
    const run = topicsFrom(lines, i, firstNew);
    if (run.length >= foldFrom) {
      out.push({ is: "fold", key: `fold ${key}`, lines: run });
      i += run.length - 1;
    } else {
      out.push({ is: "topic", key, line });
    }
    group = null;
  }
  for (const draft of drafts) {
    begin(draft.key, draft.at);
    out.push({ is: "draft", key: draft.key, draft, head: head(me.id, me.name, draft.at) });
  }
  return out;
}

/** keyOf names a line's row. One's own message keeps its draft's, so that it stays the same element on the screen. */
export function keyOf(line: Line, me: string): string {
  return line.kind === "message" && line.key !== "" && line.user.id === me ? line.key : `${line.seq}`;
}

function topicsFrom(lines: readonly Line[], from: number, firstNew: number | null): readonly NewTopic[] {
  const run: NewTopic[] = [];
  for (let i = from; i < lines.length; i++) {
    const line = lines[i] as Line;
    if (line.kind !== "topic" || (run.length > 0 && line.seq === firstNew)) break;
    run.push(line);
  }
  return run;
}

function endOfDay(at: number): number {
  return new Date(at).setHours(24, 0, 0, 0);
}
