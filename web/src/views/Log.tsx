import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { User } from "../client/types";
import { useKeepScroll } from "../dom/keepScroll";
import { longPress } from "../dom/longPress";
import type { Change, Chat } from "../state/chat";
import { unmarked } from "../state/marks";
import { hasOlder, marksOf, messageAt, shown, type Room } from "../state/room";
import { keyOf, rows } from "../state/rows";
import { firstNew, unread } from "../state/unread";
import type { Acts } from "./acts";
import { Icon } from "./Icon";
import type { MessageActs } from "./messageActs";
import { Row } from "./Row";

interface Props {
  chat: Chat;
  room: Room;
  me: User;
  acts: Acts;
  messageActs: MessageActs;
  /** A message that one was led to. */
  found: number | null;
  /** The message for which a choice is open. */
  chosen: number | null;
  onKeyDown: (event: KeyboardEvent, list: HTMLElement) => void;
  /** What stands above the first line, when it is in view. */
  children: ComponentChildren;
}

const none: readonly Change[] = [];

/** Log is what was said in a room, with one's own drafts at its end. */
export function Log({ chat, room, me, acts, messageActs, found, chosen, onKeyDown, children }: Props) {
  const { lines } = shown(room);
  const drafts = useMemo(() => (room.away ? [] : chat.drafts.filter((draft) => draft.room === chat.here)), [room.away, chat.drafts, chat.here]);
  const news = firstNew(lines, room.newAfter, me.id);
  const list = useMemo(() => rows(lines, drafts, me, news, Date.now()), [lines, drafts, me, news]);

  const startAt = useRef(news === null ? null : "new");
  const { box, scrolled, atEnd, toEnd, toRow } = useKeepScroll(
    { ends: room.away === null, older: hasOlder(room) ? acts.older : null, newer: room.away ? acts.newer : null },
    startAt.current,
  );
  useLayoutEffect(() => acts.reached(atEnd), [atEnd]);
  const lastDraft = drafts[drafts.length - 1]?.key;
  useLayoutEffect(() => {
    if (lastDraft !== undefined) toEnd(); // who writes wants to see it
  }, [lastDraft]);
  useLayoutEffect(() => {
    const line = found === null ? null : messageAt(room, found);
    if (line) toRow(keyOf(line, me.id));
  }, [found]);
  useEffect(() => {
    const list = box.current as HTMLElement;
    return longPress(list, "[data-seq]", (part) => messageActs.open("more", Number(part.dataset.seq), part));
  }, [messageActs]);

  const fresh = unread(room, me.id, me.name).unread;
  const changes = chat.changes.filter((change) => change.room === chat.here);
  return (
    <div class="log">
      <div
        class="lines"
        ref={box}
        onScroll={scrolled}
        onKeyDown={(event) => onKeyDown(event, event.currentTarget)}
        tabIndex={0}
        role="region"
        aria-label="Messages"
        aria-busy={room.at !== "live"}
        aria-describedby="keys"
      >
        {children}
        <ol>
          {list.map((row) => {
            const line = row.is === "message" ? row.line : null;
            const answers = line?.replyTo ?? (row.is === "draft" ? row.draft.replyTo : 0);
            return (
              <Row
                key={row.key}
                row={row}
                me={me}
                marks={line ? marksOf(room, line.seq) : unmarked}
                answered={answers > 0 ? messageAt(room, answers) : null}
                answeredMarks={answers > 0 ? marksOf(room, answers) : unmarked}
                changes={line && changes.length > 0 ? changes.filter((change) => change.seq === line.seq) : none}
                found={line !== null && line.seq === found}
                chosen={line !== null && line.seq === chosen}
                acts={messageActs}
              />
            );
          })}
        </ol>
      </div>
      <p id="keys" class="unseen">
        Arrow keys walk through the messages. On one: plus reacts, R replies, E edits, Delete deletes, Enter shows more.
      </p>
      {!atEnd && (
        <button
          type="button"
          class="pill"
          onClick={() => {
            acts.newest();
            toEnd();
          }}
        >
          <Icon of="down" />
          {fresh > 0 ? `${fresh.toLocaleString("en")} new · jump to newest` : "Jump to newest"}
        </button>
      )}
    </div>
  );
}
