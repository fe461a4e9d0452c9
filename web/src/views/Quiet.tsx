import { linkTo } from "../dom/address";
import { CopyField } from "./CopyField";

/** Quiet is what a room shows in which nothing was said yet: what to do next. */
export function Quiet({ room, others }: { room: string; others: number }) {
  return (
    <section class="welcome" aria-labelledby="quiet">
      <h2 id="quiet">It’s quiet in #{room}</h2>
      <p>
        {others === 0
          ? "Nobody else is here yet. Send this link to whoever should be:"
          : "What was said before you came isn’t shown. Say hello, or send this link to whoever is missing:"}
      </p>
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

function socketAddress(): string {
  return new URL("ws", document.baseURI).href.replace(/^http/, "ws").replace(/[?#].*$/, "");
}
