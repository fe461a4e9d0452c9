import { Fragment } from "preact";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Event } from "../client/types";
import { drawNow } from "../dom/drawNow";
import type { Chat } from "../state/chat";
import { mine, others } from "../state/rooms";
import { cleanRoom, wrongName } from "../state/words";
import type { Acts } from "./acts";
import { Icon, type IconName } from "./Icon";
import { oneLine } from "./Quote";
import { When } from "./Time";

const searchAfter = 200; // ms without a key
const mostRooms = 6;

interface Props {
  chat: Chat;
  acts: Acts;
  close: () => void;
  /** jump shows a message that was found. */
  jump: (room: string, seq: number) => void;
  mention: (name: string) => void;
  editTopic: () => void;
  copyLink: () => void;
}

type Found = { readonly is: "idle" } | { readonly is: "searching" } | { readonly is: "found"; readonly events: readonly Event[]; readonly cursor?: string } | { readonly is: "failed"; readonly why: string };

interface Item {
  readonly key: string;
  readonly icon: IconName | null;
  readonly group: "Rooms" | "People" | "Commands" | "Messages" | "Elsewhere";
  readonly label: ComponentChildren;
  readonly does: () => void;
}

/** Finder finds rooms, people, commands, and what was said. */
export function Finder({ chat, acts, close, jump, mention, editTopic, copyLink }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [onlyHere, setOnlyHere] = useState(false);
  const [found, setFound] = useState<Found>({ is: "idle" });
  const [at, setAt] = useState(""); // the chosen one's key; the first is chosen where it is not there
  const text = typed.trim();

  useLayoutEffect(() => {
    const open = dialog.current;
    open?.showModal();
    acts.listRooms();
    return () => open?.close();
  }, []);
  useEffect(() => {
    if (text === "") return setFound({ is: "idle" });
    let stale = false;
    const timer = setTimeout(async () => {
      setFound((before) => (before.is === "found" ? before : { is: "searching" }));
      const answer = await acts.search(text, onlyHere ? chat.here : null);
      if (!stale) setFound(typeof answer === "string" ? { is: "failed", why: answer } : { is: "found", ...answer });
    }, searchAfter);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [text, onlyHere]);

  const more = async (cursor: string, events: readonly Event[]) => {
    const answer = await acts.search(text, onlyHere ? chat.here : null, cursor);
    setFound(typeof answer === "string" ? { is: "failed", why: answer } : { is: "found", ...answer, events: [...events, ...answer.events] });
  };
  // Each of these ends the search, by going elsewhere or by a step back.
  const then = (act: () => void) => () => {
    dialog.current?.close(); // now: what it leads to may take the focus
    act();
  };
  const commands: Does["commands"] = [
    ["edit", "Change the topic", then(editTopic)],
    ["link", "Copy the link to this room", then(copyLink)],
    ["leave", "Leave", then(acts.leave)],
  ];
  const items = itemsFor(chat, text, onlyHere, found, { go: (room) => then(() => acts.go(room)), jump: (room, seq) => then(() => jump(room, seq)), mention: (name) => then(() => mention(name)), commands });
  const chosen = items.find((item) => item.key === at) ?? items[0];

  return (
    <dialog
      ref={dialog}
      class="finder"
      aria-label="Search"
      onCancel={close}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <div class="finder-inside">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            chosen?.does();
          }}
        >
          <Icon of="search" />
          <input
            role="combobox"
            aria-expanded={items.length > 0}
            aria-controls="found"
            aria-activedescendant={chosen && `found-${chosen.key}`}
            aria-label="Search messages, rooms and people"
            placeholder="Search messages, rooms and people"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            maxLength={250}
            value={typed}
            onInput={(event) => {
              const { value } = event.currentTarget;
              drawNow(() => setTyped(value)); // Enter means what stands there then
            }}
            onKeyDown={(event) => {
              const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
              if (step === undefined || items.length === 0) return;
              event.preventDefault();
              const next = items[(items.indexOf(chosen as Item) + step + items.length) % items.length] as Item;
              drawNow(() => setAt(next.key));
              document.getElementById(`found-${next.key}`)?.scrollIntoView({ block: "nearest" });
            }}
          />
          <button type="button" class="ghost square" aria-label="Close search" onClick={close}>
            <Icon of="close" />
          </button>
        </form>
        <label class="scope">
          <input type="checkbox" checked={onlyHere} onChange={(event) => setOnlyHere(event.currentTarget.checked)} />
          <span>
            Only in #<bdi>{chat.here}</bdi>
          </span>
        </label>
        <ul id="found" role="listbox" aria-label="Found">
          {items.map((item, i) => (
            <Fragment key={item.key}>
              {item.group !== items[i - 1]?.group && (
                <li role="presentation" class="label">
                  {item.group}
                </li>
              )}
              <li id={`found-${item.key}`} role="option" aria-selected={item === chosen} class={`option${item.group === "Messages" ? " heard" : ""}`} onMouseMove={() => setAt(item.key)} onClick={item.does}>
                {item.icon && <Icon of={item.icon} />}
                {item.label}
              </li>
            </Fragment>
          ))}
        </ul>
        <p class="hint" role="status">
          {found.is === "searching" && "Searching…"}
          {found.is === "failed" && found.why}
          {found.is === "found" && found.events.length === 0 && `No message has ${text.includes(" ") ? "all these words" : "this word"}`}
          {found.is === "idle" && items.length === 0 && "Type a word, a room or a name"}
        </p>
        {found.is === "found" && found.cursor !== undefined && (
          <button type="button" class="plain" onClick={() => void more(found.cursor ?? "", found.events)}>
            Older messages
          </button>
        )}
      </div>
    </dialog>
  );
}

interface Does {
  go: (room: string) => () => void;
  jump: (room: string, seq: number) => () => void;
  mention: (name: string) => () => void;
  commands: readonly (readonly [icon: IconName, label: string, does: () => void])[];
}

function itemsFor(chat: Chat, text: string, onlyHere: boolean, found: Found, does: Does): readonly Item[] {
  const items: Item[] = [];
  const has = (name: string) => name.toLowerCase().includes(text.replace(/^[#@]/, "").toLowerCase());
  if (!onlyHere) {
    const names = [...[...mine(chat)].sort((a, b) => b.unread - a.unread), ...others(chat)].map((room) => room.name).filter((name) => has(name) && name !== chat.here && !text.startsWith("@"));
    for (const name of names.slice(0, mostRooms)) {
      items.push({ key: `room-${name}`, group: "Rooms", icon: null, label: <RoomName name={name} />, does: does.go(name) });
    }
  }
  if (text !== "" && !text.startsWith("#")) {
    for (const user of [...(chat.rooms.get(chat.here)?.people.values() ?? [])].filter((user) => user.id !== chat.me?.id && has(user.name)).slice(0, 4)) {
      items.push({ key: `user-${user.id}`, group: "People", icon: "people", label: <bdi>{user.name}</bdi>, does: does.mention(user.name) });
    }
  }
  if (!text.match(/^[#@]/)) {
    for (const [icon, label, run] of does.commands.filter(([, label]) => has(label))) {
      items.push({ key: icon, group: "Commands", icon, label, does: run });
    }
  }
  if (found.is === "found") {
    for (const event of found.events) {
      items.push({
        key: `${event.room}-${event.seq}`,
        group: "Messages",
        icon: null,
        label: (
          <>
            <span class="where">
              <b>
                <bdi>{event.user.name}</bdi>
              </b>{" "}
              in <RoomName name={event.room} /> <When at={event.ts} />
            </span>
            <span class="what">
              <bdi>{oneLine(event.text ?? "")}</bdi>
            </span>
          </>
        ),
        does: does.jump(event.room, event.seq),
      });
    }
  }
  const other = cleanRoom(text);
  if (text !== "" && !/^@|\s/.test(text) && other !== chat.here && !chat.rooms.has(other) && wrongName("room", other) === null) {
    items.push({ key: "other", group: "Elsewhere", icon: null, label: <span>Go to <RoomName name={other} /></span>, does: does.go(other) });
  }
  return items;
}

function RoomName({ name }: { name: string }) {
  return (
    <span>
      <span class="hash">#</span>
      <bdi>{name}</bdi>
    </span>
  );
}
