import { useEffect, useState } from "preact/hooks";
import type { Draft } from "../outbox/outbox";

interface Props {
  draft: Draft;
  again: (key: string) => void;
  discard: (key: string) => void;
}

/** Sending says what has become of a message that is not said yet. */
export function Sending({ draft, again, discard }: Props) {
  switch (draft.state) {
    case "waiting":
    case "sent":
      return <span class="unseen">, sending</span>;
    case "held":
      return (
        <p class="fate">
          {draft.why === "too fast" ? "Not sent: you’re writing too fast. It goes out in " : "Not saved by the server. It goes out again in "}
          <Countdown until={draft.until} />
        </p>
      );
    case "refused":
    case "unsure":
      return (
        <p class="fate" role="alert">
          {draft.state === "refused" ? `Not sent: ${draft.why}` : "The line broke: this may not have been sent"}
          <span class="ways">
            <button type="button" class="quiet" onClick={() => again(draft.key)}>
              {draft.state === "refused" ? "Retry" : "Send again"}
            </button>
            <button type="button" class="quiet" onClick={() => discard(draft.key)}>
              Discard
            </button>
          </span>
        </p>
      );
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
