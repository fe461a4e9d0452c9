import { useEffect, useRef, useState } from "preact/hooks";
import type { Line, Room } from "../state/chat";

type Message = Extract<Line, { kind: "message" }>;

const atOnce = 3;

/**
 * Announcer reads what others say to a screen reader, politely: author, then text.
 * Many at once become a count, so that a busy room stays bearable.
 */
export function Announcer({ room, me }: { room: Room; me: string }) {
  const [said, setSaid] = useState<readonly { key: string; text: string }[]>([]);
  const last = room.lines[room.lines.length - 1]?.key ?? null;
  const heard = useRef(last);
  useEffect(() => {
    const from = room.lines.findIndex((line) => line.key === heard.current) + 1;
    heard.current = last;
    const fresh = room.lines.slice(from).filter((line): line is Message => line.kind === "message" && line.user !== me);
    if (fresh.length === 0) return;
    const lines =
      fresh.length > atOnce
        ? [{ key: last ?? "", text: `${fresh.length} new messages` }]
        : fresh.map((line) => ({ key: line.key, text: `${line.user}: ${line.text}` }));
    setSaid((before) => [...before, ...lines].slice(-atOnce));
  }, [last]);
  return (
    <div class="unseen" role="log" aria-live="polite" aria-label="New messages">
      {said.map((line) => (
        <p key={line.key}>{line.text}</p>
      ))}
    </div>
  );
}
