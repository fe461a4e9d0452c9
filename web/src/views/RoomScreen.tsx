import { useEffect, useState } from "preact/hooks";
import { linkTo } from "../dom/address";
import { copy } from "../dom/copy";
import { drawNow } from "../dom/drawNow";
import { insert } from "../dom/insert";
import { useMedia } from "../dom/media";
import { closeDialog, hideSheet, openSheet, showSheet, useSheet } from "../dom/sheet";
import { read, store } from "../dom/storage";
import type { Chat } from "../state/chat";
import { newRoom } from "../state/room";
import { beside, unreadInAll } from "../state/rooms";
import type { Acts } from "./acts";
import { Bar } from "./Bar";
import { Conversation } from "./Conversation";
import { Finder } from "./Finder";
import { Header } from "./Header";
import { People } from "./People";
import { Rooms } from "./Rooms";
import { Sheet } from "./Sheet";

const peoplePlace = "parley.people";

/** RoomScreen is the chat: rooms, messages and people, as panes where there is width and as sheets where there is none. */
export function RoomScreen({ chat, acts }: { chat: Chat; acts: Acts }) {
  const roomsFit = useMedia("(min-width: 43.75rem)");
  const peopleFit = useMedia("(min-width: 68.75rem)");
  const [peopleWanted, setPeopleWanted] = useState(() => read("browser", peoplePlace) !== "closed");
  const [topicEdited, editTopic] = useState(false);
  const [sought, setSought] = useState<{ room: string; seq: number } | null>(null);
  const { sheet, opening } = useSheet();
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (openSheet() === null) drawNow(() => showSheet("search"));
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);

  const room = chat.rooms.get(chat.here) ?? newRoom;
  const me = chat.me ?? { id: "", name: chat.name };
  const peopleShown = peopleFit ? peopleWanted : sheet === "people";
  const togglePeople = () => {
    if (!peopleFit) return showSheet("people");
    store("browser", peoplePlace, peopleWanted ? "closed" : null);
    setPeopleWanted(!peopleWanted);
  };
  const mention = (name: string) => {
    closeDialog();
    hideSheet();
    const field = document.getElementById("composer");
    if (field instanceof HTMLTextAreaElement) insert(field, `@${name} `);
  };
  const copyLink = () => void copy(linkTo(chat.here)).then((done) => acts.say(done ? "Link copied" : linkTo(chat.here)));
  const people = <People room={room} me={me} mention={mention} />;
  const rooms = <Rooms chat={chat} acts={acts} />;

  return (
    <div
      class={`panes${peopleFit && peopleWanted ? " with-people" : ""}`}
      onKeyDown={(event) => {
        const places = ({ ArrowUp: -1, ArrowDown: 1 } as const)[event.key];
        if (places === undefined || !event.altKey) return;
        event.preventDefault();
        const next = beside(chat, places, event.shiftKey);
        if (next !== chat.here) acts.go(next);
      }}
    >
      {roomsFit && (
        <nav class="pane" aria-label="Rooms">
          {rooms}
        </nav>
      )}
      <main>
        <Header
          name={chat.here}
          topic={room.topic}
          people={room.count}
          peopleShown={peopleShown}
          unread={unreadInAll(chat)}
          showRooms={roomsFit ? null : () => showSheet("rooms")}
          showPeople={togglePeople}
          find={() => showSheet("search")}
          topicEdited={topicEdited}
          editTopic={editTopic}
          setTopic={acts.topic}
          copyLink={copyLink}
        />
        <Bar chat={chat} now={acts.now} />
        <Conversation key={chat.here} chat={chat} room={room} me={me} acts={acts} sought={sought?.room === chat.here ? sought : null} led={() => setSought(null)} />
      </main>
      {peopleFit && peopleWanted && (
        <aside class="pane" aria-label="People">
          {people}
        </aside>
      )}
      {sheet === "rooms" && !roomsFit && (
        <Sheet key={opening} side="left" label="Rooms" close={hideSheet}>
          {rooms}
        </Sheet>
      )}
      {sheet === "people" && !peopleFit && (
        <Sheet key={opening} side="right" label="People" close={hideSheet}>
          {people}
        </Sheet>
      )}
      {sheet === "search" && (
        <Finder
          key={opening}
          chat={chat}
          acts={acts}
          close={hideSheet}
          mention={mention}
          editTopic={() => {
            hideSheet();
            editTopic(true);
          }}
          copyLink={() => {
            hideSheet();
            copyLink();
          }}
          jump={(name, seq) => {
            if (name === chat.here) hideSheet();
            else acts.go(name);
            setSought({ room: name, seq });
          }}
        />
      )}
    </div>
  );
}
