import { linkTo } from "../dom/address";
import { CopyField } from "./CopyField";

/** Quiet is what a room shows in which nothing was said yet: what to do next. */
export function Quiet({ room, others }: { room: string; others: number }) {
  return (
    <section class="welcome" aria-labelledby="quiet">
      <h2 id="quiet">It’s quiet in #{room}</h2>
      <p>{others <= 0 ? "Nobody else is here yet. Send this link to whoever should be:" : "Say hello, or send this link to whoever is missing:"}</p>
      <CopyField label="Link to this room" text={linkTo(room)} />
      <details>
        <summary>Or join from a terminal</summary>
        <p>Run this, then paste the second line:</p>
        <CopyField label="Terminal command" text={`npx -y wscat -c ${socketAddress()}`} />
        <CopyField label="Join line" text={JSON.stringify({ type: "join", username: "you", room })} />
      </details>
    </section>
  );
}

/** Beginning stands above the first message that there is. */
export function Beginning({ room, purged }: { room: string; purged: boolean }) {
  return (
    <p class="edge">
      {purged ? (
        "Earlier messages are no longer kept"
      ) : (
        <>
          This is where <b>#<bdi>{room}</bdi></b> begins
        </>
      )}
    </p>
  );
}

function socketAddress(): string {
  return new URL("ws", document.baseURI).href.replace(/^http/, "ws").replace(/[?#].*$/, "");
}
