import { useEffect, useState } from "preact/hooks";
import type { Draft } from "../client/types";

interface Props {
  draft: Draft;
  retry: (key: string) => void;
  discard: (key: string) => void;
}

/** Sending says what has become of a message that is not said yet. */
export function Sending({ draft, retry, discard }: Props) {
  switch (draft.state) {
    case "waiting":
    case "sending":
      return <span class="unseen">, sending</span>;
    case "sent":
      return null;
    case "held":
      return (
        <p class="fate">
          {draft.code === "rate_limited" ? "Not sent: you’re writing too fast. It goes out in " : "Not saved by the server. It goes out again in "}
          <Countdown until={draft.until} />
        </p>
      );
    case "refused":
      return (
        <p class="fate" role="alert">
          Not sent: {whyNot(draft)}
          <span class="ways">
            <button type="button" class="quiet" onClick={() => retry(draft.key)}>
              Retry
            </button>
            <button type="button" class="quiet" onClick={() => discard(draft.key)}>
              Discard
            </button>
          </span>
        </p>
      );
  }
}

function whyNot({ code, why, room }: Extract<Draft, { state: "refused" }>): string {
  switch (code) {
    case "forbidden":
      return `you may not write in #${room}`;
    case "invalid_text":
      return "the server can’t take this text";
    case "too_large":
      return "it is too long";
    case "not_found":
      return "the message that it answers is gone";
    default:
      return why || code;
  }
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(tick);
  }, []);
  return <span class="count">{Math.max(1, Math.ceil((until - now) / 1000))} s</span>;
}
