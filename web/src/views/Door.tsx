import { useEffect, useRef } from "preact/hooks";
import type { Chat, Wrong } from "../state/chat";
import { anonymous, cleanName, cleanRoom, maxName, maxRoom } from "../state/words";
import type { Acts } from "./acts";
import { Bar } from "./Bar";
import { Mark } from "./Icon";

/** Door is the first thing one sees: a name, a room, one button. */
export function Door({ chat, wrong, acts }: { chat: Chat; wrong: Wrong | null; acts: Acts }) {
  const form = useRef<HTMLFormElement>(null);
  const signedIn = chat.me !== null && !chat.guest;
  const field = (name: string) => form.current?.elements.namedItem(name) as HTMLInputElement | null;
  useEffect(() => {
    const first = field(wrong?.what ?? (signedIn ? "room" : "name"));
    first?.focus();
    first?.select();
  }, [wrong, signedIn]);

  const fault = (what: "name" | "room") => (wrong?.what === what ? { "aria-invalid": true, "aria-describedby": "wrong" } : {});
  return (
    <main class="door">
      <Bar chat={chat} now={acts.now} />
      <form
        ref={form}
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          acts.join(signedIn ? (chat.me?.name ?? "") : cleanName(field("name")?.value ?? ""), cleanRoom(field("room")?.value ?? ""));
        }}
      >
        <h1>
          <Mark /> Parley
        </h1>
        {signedIn ? (
          <p>
            Signed in as{" "}
            <b>
              <bdi>{chat.me?.name}</bdi>
            </b>
          </p>
        ) : (
          <label>
            Your name
            <input name="name" defaultValue={chat.name} placeholder={anonymous} maxLength={maxName * 2} autocomplete="nickname" spellcheck={false} {...fault("name")} />
          </label>
        )}
        <label>
          Room
          <span class="prefixed">
            <span aria-hidden="true">#</span>
            <input key={chat.here} name="room" defaultValue={chat.here} maxLength={maxRoom * 2} autocomplete="off" autocapitalize="off" spellcheck={false} {...fault("room")} />
          </span>
        </label>
        {wrong && (
          <p id="wrong" class="wrong" role="alert">
            {wrong.text}
          </p>
        )}
        <button type="submit" class="primary">Join</button>
        {!signedIn && <p class="hint">No account needed. To open a new room, give it a name.</p>}
      </form>
    </main>
  );
}
