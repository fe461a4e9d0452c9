import { useEffect, useRef } from "preact/hooks";
import type { Chat } from "../state/chat";
import { anonymous, cleanName, cleanRoom, maxName, maxRoom } from "../state/words";
import { Bar } from "./Bar";
import { Mark } from "./Icon";
import type { Acts } from "./acts";

/** Door is the first thing one sees: a name, a room, one button. */
export function Door({ chat, acts }: { chat: Chat; acts: Acts }) {
  const form = useRef<HTMLFormElement>(null);
  const wrong = chat.at.screen === "door" ? chat.at.wrong : null;
  const field = (name: string) => form.current?.elements.namedItem(name) as HTMLInputElement | null;
  useEffect(() => {
    const first = field(wrong?.what ?? (chat.signedIn ? "room" : "name"));
    first?.focus();
    first?.select();
  }, [wrong, chat.signedIn]);

  const fault = (what: "name" | "room") => (wrong?.what === what ? { "aria-invalid": true, "aria-describedby": "wrong" } : {});
  return (
    <main class="door">
      <Bar chat={chat} now={acts.now} />
      <form
        ref={form}
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          acts.join(chat.signedIn ? chat.name : cleanName(field("name")?.value ?? ""), cleanRoom(field("room")?.value ?? ""));
        }}
      >
        <h1>
          <Mark /> Parley
        </h1>
        {chat.signedIn ? (
          <p>
            Signed in as <b><bdi>{chat.name}</bdi></b>
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
            <input key={chat.room} name="room" defaultValue={chat.room} maxLength={maxRoom * 2} autocomplete="off" autocapitalize="off" spellcheck={false} {...fault("room")} />
          </span>
        </label>
        {wrong && (
          <p id="wrong" class="wrong" role="alert">
            {wrong.text}
          </p>
        )}
        <button type="submit" class="primary">Join</button>
        {!chat.signedIn && <p class="hint">No account needed. To open a new room, give it a name.</p>}
      </form>
    </main>
  );
}
