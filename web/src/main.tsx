import { options, render } from "preact";
import "./style/style.css";
import { correctTo, goTo, roomInAddress } from "./dom/address";
import { watchHidden } from "./dom/hidden";
import { read, readList, store as keep } from "./dom/storage";
import { showUnread } from "./dom/title";
import { keptOutbox } from "./outbox/keep";
import { takeToken } from "./socket/token";
import type { Chat } from "./state/chat";
import { Store } from "./state/store";
import { general } from "./state/words";
import { Session } from "./sync/session";
import { App } from "./views/App";
import type { Acts } from "./views/acts";

const places = { name: "parley.name", room: "parley.room", rooms: "parley.rooms", here: "parley.here" } as const;

const token = takeToken();
history.replaceState(null, ""); // no sheet is open yet, whatever was before a reload
const store = new Store(atFirst());
const session = new Session(store, token);

const acts: Acts = {
  join(name, room) {
    if (!store.chat.signedIn) keep("browser", places.name, name);
    correctTo(room);
    session.join(name, room);
  },
  go(room) {
    goTo(room);
    session.go(room);
  },
  forget(room) {
    store.set({ ...store.chat, visited: store.chat.visited.filter((name) => name !== room) });
  },
  write: (text) => session.write(text),
  again: (key) => session.again(key),
  discard: (key) => session.discard(key),
  leave() {
    history.replaceState(null, "");
    session.leave();
  },
  now: () => session.now(),
  say: (text) => session.say(text),
};

watchHidden(store);
addEventListener("popstate", () => {
  const room = roomInAddress() ?? general;
  if (store.chat.at.screen === "room" && room !== store.chat.room) session.go(room);
  if (store.chat.at.screen === "door") store.set({ ...store.chat, room });
});
store.listen((chat) => {
  showUnread(chat);
  keep("tab", places.here, chat.at.screen === "room" ? "yes" : null);
  if (chat.at.screen !== "room") return;
  keep("browser", places.room, chat.room);
  keep("browser", places.rooms, JSON.stringify(chat.visited));
  if (roomInAddress() !== chat.room) correctTo(chat.room); // the server kept us where we were
});

// One drawing a frame, however many messages it brings; none while the page is hidden.
options.debounceRendering = requestAnimationFrame;
// A reload comes back to where one was.
if (read("tab", places.here) !== null) acts.join(store.chat.name, store.chat.room);
void session.signIn();
render(<App store={store} acts={acts} />, document.getElementById("app") as HTMLElement);

function atFirst(): Chat {
  return {
    at: { screen: "door", wrong: null },
    name: read("browser", places.name) ?? "",
    signedIn: false,
    room: roomInAddress() ?? read("browser", places.room) ?? general,
    joined: null,
    rooms: {},
    visited: readList("browser", places.rooms).filter((room) => typeof room === "string"),
    outbox: keptOutbox(),
    link: { is: "opening" },
    asked: null,
    word: null,
    spoke: [],
    unread: 0,
    hidden: document.hidden,
  };
}
