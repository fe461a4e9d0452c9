import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { User } from "../client/types";
import { copy } from "../dom/copy";
import { drawNow } from "../dom/drawNow";
import { closeDialog, hideSheet, showSheet, useSheet } from "../dom/sheet";
import { toLast, walked } from "../dom/walk";
import type { Chat } from "../state/chat";
import type { Message } from "../state/lines";
import { hasOlder, marksOf, messageAt, shown, textOf, type Room } from "../state/room";
import type { Acts } from "./acts";
import { Announcer } from "./Announcer";
import { DeleteChoice, EmojiChoice, MoreChoice } from "./Choices";
import { Composer, toComposer, type Mode } from "./Composer";
import { Log } from "./Log";
import type { Choice, MessageActs } from "./messageActs";
import { Popup } from "./Popup";
import { Beginning, Quiet } from "./Quiet";
import { Typing } from "./Typing";

const foundFor = 2500;

interface Props {
  chat: Chat;
  room: Room;
  me: User;
  acts: Acts;
  /** A message that a search led to; another object for each time. */
  sought: { readonly seq: number } | null;
  /** led is called once one is on the way there. */
  led: () => void;
}

/** Conversation is what is said in one room, and where one says something. It is made anew for each room. */
export function Conversation({ chat, room, me, acts, sought, led }: Props) {
  const [mode, setMode] = useState<Mode>({ is: "new" });
  const [choice, setChoice] = useState<Open | null>(null);
  const { sheet, opening } = useSheet();
  const [found, setFound] = useState<number | null>(null);
  const roomNow = useRef(room);
  roomNow.current = room;

  const jump = (seq: number) =>
    void acts.lookUp(chat.here, seq).then((there) => {
      if (!there) return acts.say("That message is no longer kept");
      setFound(null);
      setFound(seq);
    });
  useEffect(() => {
    if (!sought) return;
    jump(sought.seq);
    led();
  }, [sought]);
  useEffect(() => {
    if (found === null) return;
    const timer = setTimeout(() => setFound(null), foundFor);
    return () => clearTimeout(timer);
  }, [found]);

  const messageActs = useMemo<MessageActs>(() => {
    const compose = (seq: number, is: "reply" | "edit") => {
      const message = messageAt(roomNow.current, seq);
      const text = message ? textOf(message, marksOf(roomNow.current, seq)) : null;
      if (!message || text === null || (is === "edit" && message.user.id !== me.id)) return;
      drawNow(() => setMode({ is, seq, name: message.user.name, text }));
      toComposer();
    };
    return {
      react: (seq, emoji, on) => acts.change(seq, { what: "react", emoji, on }),
      reply: (seq) => compose(seq, "reply"),
      edit: (seq) => compose(seq, "edit"),
      open: (what, seq, beside) =>
        drawNow(() => {
          setChoice({ what, seq, beside: beside.getBoundingClientRect() });
          showSheet("message");
        }),
      jump,
      quoted: acts.quoted,
      retry: acts.retry,
      discard: acts.discard,
    };
  }, [me.id, acts]);

  const keys = (event: KeyboardEvent, list: HTMLElement) => {
    if (event.key === "Escape") return toComposer();
    if (walked(event, list)) return;
    const row = event.target as HTMLElement;
    const seq = Number(row.dataset.seq);
    if (!seq || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keyed(event.key, seq, row, me, roomNow.current, messageActs);
    if (!act) return;
    event.preventDefault();
    act();
  };

  const chosen = sheet === "message" ? choice : null;
  const { lines } = shown(room);
  const empty = lines.length === 0 && !chat.drafts.some((draft) => draft.room === chat.here);
  return (
    <>
      <Log chat={chat} room={room} me={me} acts={acts} messageActs={messageActs} found={found} chosen={chosen?.seq ?? null} onKeyDown={keys}>
        {hasOlder(room) ? (
          <p class="edge">Loading earlier messages…</p>
        ) : empty ? (
          room.at === "live" && <Quiet room={chat.here} others={room.count - 1} />
        ) : (
          room.epoch !== "" && <Beginning room={chat.here} purged={room.first > 1} />
        )}
      </Log>
      <Announcer lines={room.live.lines} live={room.at === "live"} me={me} />
      <Typing users={room.typing} />
      <Composer
        room={chat.here}
        mode={mode}
        setMode={setMode}
        write={acts.write}
        edit={(seq, text) => acts.change(seq, { what: "edit", text })}
        typing={acts.typing}
        up={() => toLast(document.querySelector(".lines"))}
      />
      {chosen && (
        <MessageChoice key={`${opening} ${chosen.what}`} choice={chosen} room={room} me={me} acts={acts} messageActs={messageActs} turn={(what) => setChoice({ ...chosen, what })} close={hideSheet} />
      )}
    </>
  );
}

/** keyed is what a key means on a message; null for nothing. */
function keyed(key: string, seq: number, row: Element, me: User, room: Room, acts: MessageActs): (() => void) | null {
  const message = messageAt(room, seq);
  if (!message || textOf(message, marksOf(room, seq)) === null) return null;
  switch (key) {
    case "+":
    case "=":
      return () => acts.open("emoji", seq, row);
    case "r":
    case "R":
      return () => acts.reply(seq);
    case "e":
    case "E":
      return message.user.id === me.id ? () => acts.edit(seq) : null;
    case "Enter":
      return () => acts.open("more", seq, row);
    case "Delete":
    case "Backspace":
      return mayDelete(message, me) ? () => acts.open("delete", seq, row) : null;
    default:
      return null;
  }
}

function mayDelete(message: Message, me: User): boolean {
  return message.user.id === me.id || me.role === "moderator" || me.role === "admin";
}

/** A choice that is open, for which message, and where. */
interface Open {
  readonly what: Choice;
  readonly seq: number;
  readonly beside: DOMRect;
}

interface ChoiceProps {
  choice: Open;
  room: Room;
  me: User;
  acts: Acts;
  messageActs: MessageActs;
  /** turn shows another choice in its place. */
  turn: (what: Choice) => void;
  close: () => void;
}

function MessageChoice({ choice: { what, seq, beside }, room, me, acts, messageActs, turn, close }: ChoiceProps) {
  const message = messageAt(room, seq);
  const text = message ? textOf(message, marksOf(room, seq)) : null;
  useEffect(() => {
    if (text === null) close(); // it was deleted meanwhile
  }, [text === null]);
  if (!message || text === null) return null;

  const then = (act: () => void) => () => {
    closeDialog(); // what it leads to may take the focus
    close();
    act();
  };
  const react = (emoji: string) => then(() => messageActs.react(seq, emoji, true))();
  switch (what) {
    case "emoji":
      return (
        <Popup label="React" beside={beside} close={close}>
          <EmojiChoice react={react} />
        </Popup>
      );
    case "delete":
      return (
        <Popup label="Delete" beside={beside} close={close}>
          <DeleteChoice text={text} remove={then(() => acts.change(seq, { what: "delete" }))} keep={close} />
        </Popup>
      );
    case "more":
      return (
        <Popup label="Message" beside={beside} close={close}>
          <MoreChoice
            mine={message.user.id === me.id}
            mayDelete={mayDelete(message, me)}
            react={react}
            allEmoji={() => turn("emoji")}
            reply={then(() => messageActs.reply(seq))}
            edit={then(() => messageActs.edit(seq))}
            copy={then(() => void copy(text).then((done) => acts.say(done ? "Text copied" : "The browser doesn’t let this page copy")))}
            remove={() => turn("delete")}
          />
        </Popup>
      );
  }
}
