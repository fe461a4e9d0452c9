import { useState } from "preact/hooks";
import { linkTo } from "../dom/address";
import { copy } from "../dom/copy";
import { useMedia } from "../dom/media";
import { useSheet } from "../dom/sheet";
import { read, store } from "../dom/storage";
import { roomOf, type Chat } from "../state/chat";
import { roomBeside } from "../state/rooms";
import { count } from "../state/words";
import type { Acts } from "./acts";
import { Announcer } from "./Announcer";
import { Bar } from "./Bar";
import { Composer } from "./Composer";
import { Icon } from "./Icon";
import { Log } from "./Log";
import { People } from "./People";
import { Quiet } from "./Quiet";
import { Rooms } from "./Rooms";
import { Sheet } from "./Sheet";

const peoplePlace = "parley.people";

/** RoomScreen is the chat: rooms, messages and people, as panes where there is width and as sheets where there is none. */
export function RoomScreen({ chat, acts }: { chat: Chat; acts: Acts }) {
  const roomsFit = useMedia("(min-width: 43.75rem)");
  const peopleFit = useMedia("(min-width: 68.75rem)");
  const [peopleWanted, setPeopleWanted] = useState(() => read("browser", peoplePlace) !== "closed");
  const sheet = useSheet();

  const room = roomOf(chat, chat.room);
  const drafts = chat.outbox.filter((draft) => draft.room === chat.room);
  const empty = drafts.length === 0 && !room.lines.some((line) => line.kind === "message");
  const peopleShown = peopleFit ? peopleWanted : sheet.open === "people";

  const togglePeople = () => {
    if (!peopleFit) return sheet.show("people");
    store("browser", peoplePlace, peopleWanted ? "closed" : null);
    setPeopleWanted(!peopleWanted);
  };
  const people = <People room={room} me={chat.name} vouched={chat.signedIn} />;
  const rooms = <Rooms chat={chat} acts={acts} />;

  return (
    <div
      class={`panes${peopleFit && peopleWanted ? " with-people" : ""}`}
      onKeyDown={(event) => {
        const places = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (places === undefined || !event.altKey) return;
        event.preventDefault();
        const beside = roomBeside(chat, places);
        if (beside !== chat.room) acts.go(beside);
      }}
    >
      {roomsFit && (
        <nav class="pane" aria-label="Rooms">
          {rooms}
        </nav>
      )}
      <main>
        <header>
          {!roomsFit && (
            <button type="button" class="ghost square" aria-label="Rooms" onClick={() => sheet.show("rooms")}>
              <Icon of="rooms" />
            </button>
          )}
          <h1>
            <span class="hash">#</span>
            <bdi>{chat.room}</bdi>
          </h1>
          <button
            type="button"
            class="ghost square"
            aria-label="Copy link to this room"
            title="Copy link to this room"
            onClick={() => void copy(linkTo(chat.room)).then((done) => acts.say(done ? "Link copied" : linkTo(chat.room)))}
          >
            <Icon of="link" />
          </button>
          <button type="button" class="ghost" aria-expanded={peopleShown} title="Who is here" onClick={togglePeople}>
            <Icon of="people" />
            <span class="count">{room.count.toLocaleString("en")}</span>
            <span class="unseen">{count(room.count, "person", "people").replace(/^\S+/, "")} here</span>
          </button>
        </header>
        <Bar chat={chat} now={acts.now} />
        <Log key={chat.room} room={room} drafts={drafts} me={chat.name} vouched={chat.signedIn} acts={acts}>
          {empty && chat.joined === chat.room && <Quiet room={chat.room} others={room.count - 1} />}
        </Log>
        <Announcer key={`said in ${chat.room}`} room={room} me={chat.name} />
        <Composer key={`write in ${chat.room}`} room={chat.room} write={acts.write} />
      </main>
      {peopleFit && peopleWanted && (
        <aside class="pane" aria-label="People">
          {people}
        </aside>
      )}
      {sheet.open === "rooms" && !roomsFit && (
        <Sheet side="left" label="Rooms" close={sheet.hide}>
          {rooms}
        </Sheet>
      )}
      {sheet.open === "people" && !peopleFit && (
        <Sheet side="right" label="People" close={sheet.hide}>
          {people}
        </Sheet>
      )}
    </div>
  );
}
