import { hashOf } from "../dom/address";
import { unsent } from "../outbox/outbox";
import type { Chat } from "../state/chat";
import { roomNames } from "../state/rooms";
import { cleanRoom, maxRoom } from "../state/words";
import type { Acts } from "./acts";
import { Icon, Mark } from "./Icon";
import { Tile } from "./Tile";

/** Rooms lists where this browser has been, and leads to any other room. */
export function Rooms({ chat, acts }: { chat: Chat; acts: Acts }) {
  return (
    <div class="rooms">
      <p class="brand">
        <Mark /> Parley
      </p>
      <h2 class="label">Rooms</h2>
      <ul>
        {roomNames(chat).map((name) => {
          const waiting = name === chat.room ? 0 : unsent(chat.outbox, name);
          return (
            <li key={name}>
              <a
                href={hashOf(name)}
                aria-current={name === chat.room ? "page" : undefined}
                onClick={(event) => {
                  event.preventDefault();
                  acts.go(name);
                }}
              >
                <span>
                  <span class="hash">#</span>
                  <bdi>{name}</bdi>
                </span>
                {waiting > 0 && <span class="count">{waiting} to send</span>}
              </a>
              {name !== chat.room && (
                <button type="button" class="ghost square" aria-label={`Take #${name} off this list`} onClick={() => acts.forget(name)}>
                  <Icon of="close" />
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <form
        class="goto"
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem("room") as HTMLInputElement;
          if (field.value.trim() === "") return;
          acts.go(cleanRoom(field.value));
          field.value = "";
        }}
      >
        <input name="room" aria-label="Go to a room" placeholder="Go to room" maxLength={maxRoom * 2} autocomplete="off" autocapitalize="off" spellcheck={false} />
        <button type="submit" class="plain">Go</button>
      </form>
      <div class="me">
        <Tile name={chat.name} vouched={chat.signedIn} small />
        <bdi>{chat.name}</bdi>
        <button type="button" class="ghost square" aria-label="Leave" title="Leave" onClick={acts.leave}>
          <Icon of="leave" />
        </button>
      </div>
    </div>
  );
}
