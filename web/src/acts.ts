import { ParleyError } from "./client/error";
import type { Chat as Client } from "./client/types";
import { hashOf } from "./dom/address";
import { correctTo, hideSheet, stepTo } from "./dom/sheet";
import { store as keep } from "./dom/storage";
import { asked, withoutChange, written } from "./state/changes";
import { withRoom, type Chat, type Does } from "./state/chat";
import { failed, listed } from "./state/hear";
import { lineOf } from "./state/lines";
import { goTo, wrote } from "./state/place";
import { atNewest, hasOlder, lookedUp, shown, withNewer, withOlder, withQuoted } from "./state/room";
import type { Store } from "./state/store";
import { cleanText, wrongName } from "./state/words";
import type { Acts } from "./views/acts";

const page = 100; // events of a page of history
const around = 50; // events on either side of one that is looked up

/** actsOn does what a person asks: it tells the server, and the store what that shows. */
export function actsOn(store: Store, client: Client, namePlace: string): Acts {
  const here = () => client.room(store.chat.here);
  const change = (to: (chat: Chat) => Chat) => store.change(to);
  const once = onlyOnce();
  let changes = 0;

  /** unless says why what was asked for was not done. */
  const unless = (what: string) => (error: unknown) => {
    if (!(error instanceof ParleyError)) throw error;
    change((chat) => failed(chat, what, error));
  };

  const acts: Acts = {
    join(name, room) {
      for (const [what, value] of [["name", name], ["room", room]] as const) {
        const text = wrongName(what, value);
        if (text !== null) return change((chat) => ({ ...chat, screen: { is: "door", wrong: { what, text } } }));
      }
      const { me, guest, token } = store.chat;
      // Before the server has said who one is, only a token makes one a member; a cookie's name stands, whatever is asked for.
      if ((me === null ? !token : guest) && name !== me?.name) {
        keep("browser", namePlace, name);
        client.rename(name).catch((error: unknown) => {
          if (error instanceof ParleyError && error.code === "forbidden") return;
          if (!(error instanceof ParleyError) || error.code !== "invalid_name") return unless("Your name stays as it was")(error);
          acts.leave();
          change((chat) => ({ ...chat, screen: { is: "door", wrong: { what: "name", text: "That name can’t be used here. It can have 40 characters, all of them visible." } } }));
        });
      }
      change((chat) => goTo({ ...chat, name }, room));
      correctTo(hashOf(room));
      for (const mine of store.chat.rooms.keys()) client.room(mine).join();
    },

    leave() {
      hideSheet();
      for (const mine of store.chat.rooms.keys()) client.room(mine).leave();
      change((chat) => ({ ...chat, screen: { is: "door", wrong: null }, rooms: new Map([...chat.rooms].map(([name, room]) => [name, { ...room, at: "outside" as const }])) }));
    },

    go(room) {
      const wrong = wrongName("room", room);
      if (wrong !== null) return acts.say(wrong);
      stepTo(hashOf(room));
      change((chat) => goTo(chat, room));
      client.room(room).join();
    },

    forget(room) {
      client.room(room).leave();
      change((chat) => ({ ...chat, rooms: new Map([...chat.rooms].filter(([name]) => name !== room)) }));
      acts.listRooms();
    },

    rename(name) {
      const wrong = wrongName("name", name);
      if (wrong !== null) return acts.say(wrong);
      keep("browser", namePlace, name);
      change((chat) => ({ ...chat, name }));
      client.rename(name).catch(unless("Your name stays as it was"));
    },

    write(typed, replyTo) {
      const text = cleanText(typed);
      if (text === "") return;
      acts.newest();
      change(wrote);
      here().send(text, replyTo);
    },

    retry: (key) => client.retry(key),
    discard: (key) => client.discard(key),

    change(seq, does) {
      const key = ++changes;
      change((chat) => asked(chat, key, seq, does));
      tell(seq, does).then(
        ({ seq: event }) => change((chat) => written(chat, key, event)),
        (error: unknown) => {
          change((chat) => withoutChange(chat, key));
          unless(does.what === "react" ? "Not changed" : does.what === "edit" ? "Not edited" : "Not deleted")(error);
        },
      );
    },

    topic: (text) => void here().topic(text).catch(unless("The topic stays as it was")),
    typing: () => here().typing(),

    older() {
      const { chat } = store;
      const room = chat.rooms.get(chat.here);
      if (!room || room.at === "outside" || !hasOlder(room)) return;
      const before = shown(room).from;
      once(`older ${chat.here}`, async () => {
        const { events, first } = await client.room(chat.here).history({ before, limit: page });
        change((now) => withRoom(now, chat.here, (room) => withOlder(room, events, first)));
      });
    },

    newer() {
      const { chat } = store;
      const after = chat.rooms.get(chat.here)?.away?.to;
      if (after === undefined) return;
      once(`newer ${chat.here}`, async () => {
        const { events, first } = await client.room(chat.here).history({ after, limit: page });
        change((now) => withRoom(now, chat.here, (room) => withNewer(room, events, first)));
      });
    },

    newest: () => change((chat) => withRoom(chat, chat.here, atNewest)),

    async lookUp(name, seq) {
      if (name !== store.chat.here) acts.go(name);
      const room = store.chat.rooms.get(name);
      if (room && shown(room).from <= seq && seq <= shown(room).to) return true;
      try {
        const [before, after] = await Promise.all([
          client.room(name).history({ before: seq + 1, limit: around }),
          client.room(name).history({ after: seq, limit: around }),
        ]);
        change((chat) => withRoom(chat, name, (room) => lookedUp(room, [...before.events, ...after.events], before.first)));
        return before.events.at(-1)?.seq === seq;
      } catch (error) {
        unless("That message can’t be shown")(error);
        return false;
      }
    },

    quoted(seq) {
      const { here: name } = store.chat;
      once(`quoted ${name} ${seq}`, async () => {
        const { events } = await client.room(name).history({ after: seq - 1, limit: 1 });
        const line = events[0]?.seq === seq ? lineOf(events[0]) : null;
        change((chat) => withRoom(chat, name, (room) => withQuoted(room, seq, line?.kind === "message" ? line : null)));
      });
    },

    reached: (atEnd) => change((chat) => (chat.atEnd === atEnd ? chat : { ...chat, atEnd })),

    async search(text, room, cursor) {
      try {
        return await client.do("search", { text, limit: 20, ...(room === null ? {} : { room }), ...(cursor === undefined ? {} : { cursor }) });
      } catch (error) {
        if (!(error instanceof ParleyError)) throw error;
        return error.code === "offline" || error.code === "lost" ? "You’re offline. Search again when you’re back" : error.text || error.code;
      }
    },

    listRooms() {
      if (store.chat.line.is !== "open") return;
      const of = [...store.chat.rooms.keys()];
      once(`rooms ${of.join(" ")}`, async () => {
        const { rooms } = await client.do("rooms", {});
        change((chat) => listed(chat, rooms, of));
      });
    },

    now: () => client.now(),
    say: (text) => change((chat) => ({ ...chat, word: { text } })),
  };

  function tell(seq: number, does: Does) {
    switch (does.what) {
      case "edit":
        return here().edit(seq, cleanText(does.text));
      case "delete":
        return here().delete(seq);
      case "react":
        return does.on ? here().react(seq, does.emoji) : here().unreact(seq, does.emoji);
    }
  }
  return acts;
}

/** onlyOnce runs what is asked for unless it runs already. What fails is asked for again when it is next wanted. */
function onlyOnce() {
  const running = new Set<string>();
  return (what: string, run: () => Promise<void>) => {
    if (running.has(what)) return;
    running.add(what);
    run()
      .catch((error: unknown) => {
        if (!(error instanceof ParleyError)) throw error;
      })
      .finally(() => running.delete(what));
  };
}
