import { useState } from "preact/hooks";
import { hashOf } from "../dom/address";
import type { Chat } from "../state/chat";
import { mine, others, type Listed } from "../state/rooms";
import { cleanName, cleanRoom, count, maxName, maxRoom } from "../state/words";
import type { Acts } from "./acts";
import { Icon, Mark } from "./Icon";
import { Tile } from "./Tile";

const mostOthers = 12;

/** Rooms lists where one is, with what is unread there, and leads to any other room. */
export function Rooms({ chat, acts }: { chat: Chat; acts: Acts }) {
  const open = others(chat);
  return (
    <div class="rooms">
      <p class="brand">
        <Mark /> Parley
      </p>
      <h2 class="label">Rooms</h2>
      <ul>
        {mine(chat).map((room) => (
          <li key={room.name}>
            <RoomLink room={room} here={room.name === chat.here} waiting={chat.drafts.filter((draft) => draft.room === room.name && draft.state !== "sent").length} go={acts.go} />
            {room.name !== chat.here && (
              <button type="button" class="ghost square" aria-label={`Leave #${room.name}`} title={`Leave #${room.name}`} onClick={() => acts.forget(room.name)}>
                <Icon of="close" />
              </button>
            )}
          </li>
        ))}
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
      {open.length > 0 && (
        <>
          <h2 class="label">Also open</h2>
          <ul>
            {open.slice(0, mostOthers).map((room) => (
              <li key={room.name}>
                <RoomLink room={{ name: room.name, unread: 0, mentions: 0 }} here={false} waiting={0} go={acts.go} people={room.count} />
              </li>
            ))}
          </ul>
          {open.length > mostOthers && <p class="hint more">and {count(open.length - mostOthers, "more room")}: search finds them</p>}
        </>
      )}
      <Me chat={chat} acts={acts} />
    </div>
  );
}

interface LinkProps {
  room: Listed;
  here: boolean;
  /** Messages that wait to be sent there. */
  waiting: number;
  people?: number;
  go: (room: string) => void;
}

function RoomLink({ room: { name, unread, mentions }, here, waiting, people, go }: LinkProps) {
  return (
    <a
      href={hashOf(name)}
      class={unread > 0 && !here ? "unread" : ""}
      aria-current={here ? "page" : undefined}
      onClick={(event) => {
        event.preventDefault();
        go(name);
      }}
    >
      <span class="name">
        <span class="hash">#</span>
        <bdi>{name}</bdi>
      </span>
      {waiting > 0 && !here && <span class="hint">{waiting} to send</span>}
      {people !== undefined && people > 0 && (
        <span class="hint count">
          {people.toLocaleString("en")}
          <span class="unseen"> {people === 1 ? "person" : "people"} there</span>
        </span>
      )}
      {unread > 0 && (
        <span class={`badge count${mentions > 0 ? " mentioned" : ""}`} title={mentions > 0 ? count(mentions, "mention") : undefined}>
          {mentions > 0 && "@"}
          {unread > 999 ? "999+" : unread}
          <span class="unseen">
            {" "}
            unread{mentions > 0 && `, ${count(mentions, "mention")} of you`}
          </span>
        </span>
      )}
    </a>
  );
}

/** Me is who one is here; a guest takes another name by pressing theirs. */
function Me({ chat, acts }: { chat: Chat; acts: Acts }) {
  const [naming, setNaming] = useState(false);
  const { me } = chat;
  const user = me ?? { id: "", name: chat.name };
  if (naming) {
    return (
      <form
        class="me"
        onSubmit={(event) => {
          event.preventDefault();
          const name = cleanName((event.currentTarget.elements.namedItem("name") as HTMLInputElement).value);
          if (name !== user.name) acts.rename(name);
          setNaming(false);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") setNaming(false);
        }}
      >
        <input ref={(field) => field?.focus()} name="name" aria-label="Your name" defaultValue={user.name} maxLength={maxName * 2} autocomplete="nickname" spellcheck={false} />
        <button type="submit" class="plain">Save</button>
      </form>
    );
  }
  return (
    <div class="me">
      <Tile user={user} small />
      {chat.guest ? (
        <button type="button" class="ghost name" title="Change your name" onClick={() => setNaming(true)}>
          <bdi>{user.name}</bdi>
          <Icon of="edit" />
        </button>
      ) : (
        <bdi>{user.name}</bdi>
      )}
      <button type="button" class="ghost square" aria-label="Leave" title="Leave" onClick={acts.leave}>
        <Icon of="leave" />
      </button>
    </div>
  );
}
