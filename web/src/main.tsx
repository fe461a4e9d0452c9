import { options, render } from "preact";
import "./style/style.css";
import { actsOn } from "./acts";
import { connect } from "./client/connect";
import { hashOf, roomInAddress } from "./dom/address";
import { correctTo, watchHistory } from "./dom/sheet";
import { read as remembered, readList, store as keep } from "./dom/storage";
import { showUnread } from "./dom/title";
import { takeToken } from "./dom/token";
import { isWatched, watchPage } from "./dom/watched";
import type { Chat } from "./state/chat";
import { hear, stateChanged } from "./state/hear";
import { goTo, read, toRead, watched } from "./state/place";
import { newRoom } from "./state/room";
import { unreadInAll } from "./state/rooms";
import { Store } from "./state/store";
import { general } from "./state/words";
import { App } from "./views/App";

const places = { name: "parley.name", room: "parley.room", rooms: "parley.rooms", here: "parley.here" } as const;
const wordFor = 3000;
const mostRooms = 30; // that one comes back to

const token = takeToken();
const name = remembered("browser", places.name);
const client = connect({ url: document.baseURI, token, ...(name === null ? {} : { name }) });
const store = new Store(atFirst());
const acts = actsOn(store, client, places.name);

client.subscribe(() => {
  const opened = store.chat.line.is !== "open" && client.state.line.is === "open";
  store.change((chat) => stateChanged(chat, client.state));
  if (opened) acts.listRooms();
});
client.listen((news) => {
  store.change((chat) => hear(chat, news));
  // Of a room that one had not been in, the server has yet to say what one has read there.
  if (news.type === "caught_up" && store.chat.rooms.get(news.room)?.read === null) acts.listRooms();
});
watchPage((looks) => {
  store.change((chat) => watched(chat, looks));
  if (looks) acts.listRooms();
});
watchHistory(() => {
  const room = roomInAddress() ?? general;
  if (room === store.chat.here) return;
  if (store.chat.screen.is === "door") return store.change((chat) => ({ ...chat, here: room }));
  store.change((chat) => goTo(chat, room));
  client.room(room).join();
});

let hush: number | undefined;
let word: Chat["word"] = null;
store.listen((chat) => {
  const inside = chat.screen.is === "room";
  showUnread(inside ? chat.here : null, inside ? unreadInAll(chat) : 0);
  keep("tab", places.here, inside ? "yes" : null);
  if (chat.word !== word) {
    word = chat.word;
    clearTimeout(hush);
    if (word) hush = setTimeout(() => store.change((chat) => ({ ...chat, word: null })), wordFor);
  }
  if (!inside) return;
  keep("browser", places.room, chat.here);
  keep("browser", places.rooms, JSON.stringify([...chat.rooms.keys()].slice(0, mostRooms)));
  if (roomInAddress() !== chat.here) correctTo(hashOf(chat.here)); // the server kept us where we were
  const seq = toRead(chat);
  if (seq === null) return;
  client.room(chat.here).read(seq);
  store.change((chat) => read(chat, seq));
});

// One drawing a frame, however many messages it brings; none while the page is hidden.
options.debounceRendering = requestAnimationFrame;
// A reload comes back to where one was.
if (remembered("tab", places.here) !== null) acts.join(store.chat.name, store.chat.here);
render(<App store={store} acts={acts} />, document.getElementById("app") as HTMLElement);

function atFirst(): Chat {
  const rooms = readList("browser", places.rooms).filter((room): room is string => typeof room === "string");
  return {
    screen: { is: "door", wrong: null },
    line: client.state.line,
    me: client.state.user,
    guest: client.state.guest,
    token: token !== null,
    name: name ?? "",
    here: roomInAddress() ?? remembered("browser", places.room) ?? general,
    rooms: new Map(rooms.map((room) => [room, newRoom])),
    listed: [],
    drafts: client.state.drafts,
    changes: [],
    word: null,
    missed: null,
    atEnd: false,
    watched: isWatched(),
  };
}
