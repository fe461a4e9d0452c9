import { useEffect } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { useKeepScroll } from "../dom/keepScroll";
import { walk } from "../dom/walk";
import type { Draft } from "../outbox/outbox";
import type { Room } from "../state/chat";
import { rows } from "../state/rows";
import type { Acts } from "./acts";
import { toComposer } from "./Composer";
import { Icon } from "./Icon";
import { Row } from "./Row";

interface Props {
  room: Room;
  drafts: readonly Draft[];
  me: string;
  vouched: boolean;
  acts: Acts;
  /** What stands above the lines of a room in which nothing was said yet. */
  children: ComponentChildren;
}

export function Log({ room, drafts, me, vouched, acts, children }: Props) {
  const newest = room.lines[room.lines.length - 1]?.key ?? null;
  const { box, scrolled, leftAt, toEnd } = useKeepScroll(newest);
  const lastDraft = drafts[drafts.length - 1]?.key;
  useEffect(toEnd, [lastDraft]); // who writes wants to see it

  const unread = leftAt === null ? 0 : newMessages(room, leftAt);
  return (
    <div class="log">
      <div class="lines" ref={box} onScroll={scrolled} onKeyDown={(event) => walk(event, toComposer)} tabIndex={0} role="region" aria-label="Messages">
        {children}
        <ol>
          {rows(room, drafts, me).map((row) => (
            <Row key={row.key} row={row} me={me} vouched={vouched} again={acts.again} discard={acts.discard} />
          ))}
        </ol>
      </div>
      {leftAt !== null && (
        <button type="button" class="pill" onClick={toEnd}>
          <Icon of="down" />
          {unread > 0 ? `${unread} new · jump to newest` : "Jump to newest"}
        </button>
      )}
    </div>
  );
}

function newMessages(room: Room, after: string): number {
  const from = room.lines.findIndex((line) => line.key === after) + 1;
  return room.lines.slice(from).filter((line) => line.kind === "message").length;
}
