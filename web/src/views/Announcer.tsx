import { useEffect, useRef, useState } from "preact/hooks";
import type { User } from "../client/types";
import { indexOf, type Line, type Message } from "../state/lines";

const atOnce = 3;

/**
 * Announcer reads what others say to a screen reader, politely: author, then text.
 * Many at once become a count, so that a busy room stays bearable.
 */
export function Announcer({ lines, live, me }: { lines: readonly Line[]; live: boolean; me: User }) {
  const [said, setSaid] = useState<readonly { key: string; text: string }[]>([]);
  const last = lines[lines.length - 1]?.seq ?? 0;
  const heard = useRef(last);
  useEffect(() => {
    const fresh = lines.slice(indexOf(lines, heard.current + 1)).filter((line): line is Message => line.kind === "message" && line.user.id !== me.id);
    heard.current = last;
    if (fresh.length === 0 || !live) return; // what was missed is told by the bar
    const news =
      fresh.length > atOnce
        ? [{ key: `${last}`, text: `${fresh.length} new messages` }]
        : fresh.map((line) => ({ key: `${line.seq}`, text: `${line.user.name}: ${line.text}` }));
    setSaid((before) => [...before, ...news].slice(-atOnce));
  }, [last]);
  return (
    <div class="unseen" role="log" aria-live="polite" aria-label="New messages">
      {said.map((line) => (
        <p key={line.key}>{line.text}</p>
      ))}
    </div>
  );
}
