import { keepOutbox } from "../outbox/keep";
import * as outbox from "../outbox/outbox";
import { backoff } from "../socket/backoff";
import { closing } from "../socket/closing";
import { Line } from "../socket/line";
import { reachable, whoami } from "../socket/whoami";
import { newKey, type Chat, type Link } from "../state/chat";
import type { Store } from "../state/store";
import { cleanText, wrongName } from "../state/words";
import { ask, back, lineLost, lineOpened } from "./ask";
import { decode } from "./decode";
import { receive } from "./receive";

const answerWithin = 10_000;
const wordFor = 5000;

/**
 * Session keeps this page in its room: it opens the line and opens it again, asks
 * one thing at a time, and hands every answer to the store.
 */
export class Session {
  private line: Line | null = null;
  private lostAt: number | null = null;
  private attempt = 0; // in a row that did not end in a room
  private neverOpened = 0; // upgrades in a row that failed
  private checking = false;
  private retry: number | undefined;
  private answer: number | undefined;
  private held: number | undefined;
  private quiet: number | undefined;

  constructor(
    private readonly store: Store,
    private readonly token: string | null,
  ) {
    addEventListener("offline", () => void this.check());
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.check();
    });
  }

  /** signIn asks the server whom this page's token or cookie names. */
  async signIn(): Promise<void> {
    const me = await whoami(this.token);
    if (me.is === "user") this.change((chat) => ({ ...chat, name: chat.joined === null ? me.name : chat.name, signedIn: true }));
    if (me.is !== "unauthenticated" || this.store.chat.at.screen !== "door") return;
    this.lost({ is: "stopped", why: this.token === null ? "not signed in" : "signed out", code: 4401 });
  }

  /** join enters a room from the door. */
  join(name: string, room: string): void {
    for (const [what, value] of [["name", name], ["room", room]] as const) {
      const text = wrongName(what, value);
      if (text !== null) return this.change((chat) => ({ ...chat, at: { screen: "door", wrong: { what, text } } }));
    }
    this.change((chat) => ({ ...chat, at: { screen: "room" }, name, room }));
    if (this.line) this.pump();
    else this.open();
  }

  /** go shows another room at once, and enters it as soon as the server is free to answer. */
  go(room: string): void {
    const wrong = wrongName("room", room);
    if (wrong !== null) return this.say(wrong);
    this.change((chat) => ({ ...chat, room }));
    this.pump();
  }

  write(typed: string): void {
    const text = cleanText(typed);
    if (text === "") return;
    const now = Date.now();
    this.change((chat) => ({ ...chat, outbox: outbox.write(chat.outbox, newKey(now), chat.room, text, now) }));
    this.pump();
  }

  again(key: string): void {
    this.change((chat) => ({ ...chat, outbox: outbox.again(chat.outbox, key, Date.now()) }));
    this.pump();
  }

  discard(key: string): void {
    this.change((chat) => ({ ...chat, outbox: outbox.without(chat.outbox, key) }));
    this.pump();
  }

  /** leave goes back to the door. */
  leave(): void {
    this.end();
    this.change((chat) => ({ ...lineLost(chat, { is: "opening" }, Date.now()), at: { screen: "door", wrong: null } }));
    this.lostAt = null;
  }

  /** now tries at once what waits for its time. */
  now(): void {
    const { at, link } = this.store.chat;
    if (at.screen === "door" || this.line) return;
    if (link.is === "stopped") this.attempt = 0;
    this.open();
  }

  private open(): void {
    clearTimeout(this.retry);
    this.change((chat) => ({ ...chat, link: chat.link.is === "down" ? chat.link : { is: "opening" } }));
    this.line = new Line(this.token, {
      opened: () => {
        this.neverOpened = 0;
        this.change(lineOpened);
        this.pump();
      },
      heard: (data) => this.heard(data),
      ended: (code, opened) => void this.ended(code, opened),
    });
  }

  private heard(data: unknown): void {
    const frame = decode(data);
    if (!frame) return;
    const before = this.store.chat;
    this.change((chat) => receive(chat, frame, Date.now()));
    const chat = this.store.chat;
    if (chat.asked !== before.asked) clearTimeout(this.answer);
    if (chat.joined !== null && before.joined === null) this.arrived();
    if (chat.at.screen === "door") this.end(); // the server refused the name or the room
    if (chat.word !== before.word) this.hush();
    this.pump();
  }

  private arrived(): void {
    this.attempt = 0;
    const { lostAt } = this;
    this.lostAt = null;
    if (lostAt === null) return;
    this.change((chat) => back(chat, Date.now() - lostAt, Date.now()));
    this.hush();
  }

  /** pump asks the next thing, if it is time. */
  private pump(): void {
    if (!this.line || this.checking) return;
    const next = ask(this.store.chat, Date.now());
    if (next) {
      this.line.send(next.frame);
      this.change(() => next.chat);
      // A line that does not answer is dead, whatever the browser thinks of it.
      clearTimeout(this.answer);
      this.answer = setTimeout(() => this.line?.drop(), answerWithin);
      return;
    }
    clearTimeout(this.held);
    const { outbox, room } = this.store.chat;
    const waits = outbox.find((draft) => draft.room === room && draft.state === "held");
    if (waits?.state === "held") this.held = setTimeout(() => this.pump(), Math.max(0, waits.until - Date.now()));
  }

  private async ended(code: number, opened: boolean): Promise<void> {
    this.line = null;
    clearTimeout(this.answer);
    const next = closing(code);
    if (next.then === "stop") return this.lost({ is: "stopped", why: next.why, code });

    this.lost({ is: "down" });
    this.retry = setTimeout(() => this.open(), backoff(this.attempt++, next.least));
    if (opened || ++this.neverOpened < 2) return;
    const why = await this.whyNot();
    if (why === null || this.store.chat.link.is !== "down") return;
    this.end();
    this.lost({ is: "stopped", why, code });
  }

  /** whyNot tells a server that refuses from one that is away. */
  private async whyNot(): Promise<Extract<Link, { is: "stopped" }>["why"] | null> {
    const answer = await whoami(this.token);
    switch (answer.is) {
      case "unauthenticated":
        return this.token === null ? "not signed in" : "signed out";
      case "forbidden":
        return "forbidden";
      case "away":
        return null;
      default:
        return this.neverOpened >= 4 ? "no socket" : null; // twice may be chance
    }
  }

  private lost(link: Link): void {
    this.lostAt ??= this.store.chat.joined === null ? null : Date.now();
    this.change((chat) => lineLost(chat, link, Date.now()));
  }

  /** check finds out whether the server is still there, and sends nothing until it knows. */
  private async check(): Promise<void> {
    if (this.store.chat.at.screen === "door") return;
    if (!this.line) return this.now();
    this.checking = true;
    const { line } = this;
    const there = await reachable();
    this.checking = false;
    if (!there && this.line === line) line.drop();
    else this.pump();
  }

  private end(): void {
    clearTimeout(this.retry);
    clearTimeout(this.answer);
    clearTimeout(this.held);
    const { line } = this;
    this.line = null;
    line?.close();
  }

  /** say shows a word under the header for a moment. */
  say(text: string): void {
    this.change((chat) => ({ ...chat, word: { key: newKey(Date.now()), text } }));
    this.hush();
  }

  private hush(): void {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.change((chat) => ({ ...chat, word: null })), wordFor);
  }

  private change(to: (chat: Chat) => Chat): void {
    const before = this.store.chat;
    this.store.set(to(before));
    if (this.store.chat.outbox !== before.outbox) keepOutbox(this.store.chat.outbox);
  }
}
