import { Asks, type Asked } from "./asks";
import type { Frame, Welcome } from "./decode";
import { ParleyError } from "./error";
import { Link } from "./link";
import { Follower, type Host } from "./room";
import { Sender } from "./sender";
import { Shelf } from "./shelf";
import type { Chat, Commands, Keep, Line, News, Options, Sending, State } from "./types";

const wakes = ["online", "offline", "pageshow", "visibilitychange"];

/** Conversation is a Chat: what is asked goes through it to the line, and what is heard to those who wait for it. */
export class Conversation implements Chat, Host {
  state: State = { line: { is: "connecting" }, user: null, guest: false, limits: null, drafts: [] };

  private asks: Asks | null = null; // of the line that is open
  private early: (() => void)[] = []; // asked before the first line
  private name: string | null; // that a guest wants; null for the one of before
  private renamed: { readonly resolve: () => void; readonly reject: (error: ParleyError) => void }[] = [];
  private readonly rooms = new Map<string, Follower>();
  private readonly subscribers = new Set<() => void>();
  private readonly listeners = new Set<(news: News) => void>();
  private readonly shelf: Shelf;
  private readonly sender: Sender;
  private readonly link: Link;

  constructor(base: URL, { name, token, storage = browserStorage() }: Options) {
    this.name = name ?? null;
    this.shelf = new Shelf(storage, `parley ${base} `, (drafts) => this.sender.inherit(drafts));
    this.sender = new Sender(this.shelf, {
      changed: (drafts) => this.set({ drafts }),
      send: ({ key, room, text, replyTo }, asked) => this.ask("send", { room, text, key, ...(replyTo > 0 && { reply_to: replyTo }) }, asked),
      isTold: (room, seq) => this.follower(room).has(seq),
    });
    this.link = new Link(base, token, this.shelf, {
      changed: (line) => this.changed(line),
      welcomed: (welcome) => this.welcomed(welcome),
      heard: (frame) => this.heard(frame),
      lost: () => this.lost(),
    });
    this.shelf.open();
    for (const what of wakes) globalThis.addEventListener?.(what, this.wake);
    void this.link.open();
  }

  subscribe(changed: () => void): () => void {
    this.subscribers.add(changed);
    return () => void this.subscribers.delete(changed);
  }

  listen(hear: (news: News) => void): () => void {
    this.listeners.add(hear);
    return () => void this.listeners.delete(hear);
  }

  room(name: string): Follower {
    return this.follower(name);
  }

  do<C extends keyof Commands>(command: C, fields: Commands[C]["fields"]): Promise<Commands[C]["answer"]> {
    return new Promise((done, refused) => {
      const ask = (): void => this.ask(command, fields, { done, refused });
      if (this.state.line.is === "connecting") this.early.push(ask);
      else ask();
    });
  }

  rename(name: string): Promise<void> {
    this.name = name;
    const renamed = new Promise<void>((resolve, reject) => this.renamed.push({ resolve, reject }));
    if (this.open) this.introduce();
    return renamed;
  }

  retry(key: string): void {
    this.sender.retry(key);
  }

  discard(key: string): void {
    this.sender.discard(key);
  }

  now(): void {
    this.link.now();
  }

  close(): void {
    this.link.stop("done", 1000);
    this.shelf.close();
    for (const what of wakes) globalThis.removeEventListener?.(what, this.wake);
  }

  // What its rooms ask of it.

  get open(): boolean {
    return this.asks !== null;
  }

  get typingMs(): number {
    return this.state.limits?.typing_ms ?? 0;
  }

  ask<C extends keyof Commands>(command: C, fields: Commands[C]["fields"], asked: Asked<C>): void {
    if (this.asks) this.asks.ask(command, fields, asked);
    else asked.refused(new ParleyError("offline", "there is no line to the server"));
  }

  write(room: string, text: string, replyTo: number): Sending {
    return this.sender.write(room, text, replyTo);
  }

  tell(news: News): void {
    if (news.type === "joined") this.sender.passedBy(news.room, news.reset === undefined ? news.from : Infinity);
    if (news.type === "refused") this.sender.passedBy(news.room, Infinity);
    for (const hear of this.listeners) undisturbed(() => hear(news));
  }

  left(room: string): void {
    this.sender.passedBy(room, Infinity);
  }

  distrust(): void {
    this.link.drop();
  }

  // What becomes of the line.

  private changed(line: Line): void {
    this.set({ line });
    if (line.is !== "connecting") this.goOn();
  }

  private welcomed({ user, pass, limits }: Welcome): void {
    this.asks = new Asks((frame) => this.link.send(frame), limits.message_bytes);
    if (pass !== undefined) this.shelf.pass = pass;
    const guest = pass !== undefined;
    this.set({ line: this.link.line, user, guest, limits });
    // First of all: the rooms are told a name.
    if (this.renamed.length > 0 || (guest && this.name !== null && this.name.normalize() !== user.name)) this.introduce();
    for (const room of this.rooms.values()) room.opened();
    this.sender.opened(user);
    this.goOn();
  }

  private heard(frame: Exclude<Frame, Welcome>): void {
    switch (frame.type) {
      case "ok":
        return this.asks?.ok(frame);
      case "error":
        return this.asks?.refused(frame);
      case "event":
        this.follower(frame.room).heard(frame);
        return this.sender.heard(frame);
      default:
        this.follower(frame.room).heard(frame);
    }
  }

  private lost(): void {
    const { asks } = this;
    this.asks = null;
    this.sender.lineLost();
    for (const room of this.rooms.values()) room.lineLost();
    asks?.end(new ParleyError("lost", "the line broke before the answer"));
  }

  /** introduce tells the server by what name a guest wants to go. */
  private introduce(): void {
    const { name, renamed } = this;
    this.renamed = [];
    this.ask("rename", { name: name ?? "" }, {
      done: ({ user, pass }) => {
        if (pass !== undefined) this.shelf.pass = pass;
        this.set({ user });
        for (const { resolve } of renamed) resolve();
      },
      refused: (error) => {
        if (error.code === "lost") return void this.renamed.unshift(...renamed); // the next line is told
        if (this.name === name) this.name = null;
        for (const { reject } of renamed) reject(error);
      },
    });
  }

  private follower(name: string): Follower {
    const known = this.rooms.get(name) ?? this.rooms.get(name.normalize());
    if (known) return known;
    const room = new Follower(name.normalize(), this); // as the server does with names
    this.rooms.set(room.name, room);
    return room;
  }

  private goOn(): void {
    const { early } = this;
    this.early = [];
    for (const ask of early) ask();
  }

  private readonly wake = ({ type }: { readonly type: string }): void => {
    if (type === "visibilitychange" && document.hidden) return;
    if (this.state.line.is !== "closed") this.link.now();
  };

  private set(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const changed of this.subscribers) undisturbed(changed);
  }
}

/** undisturbed: what a page does wrong with what it is told is said, and disturbs nobody else. */
function undisturbed(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    if ("reportError" in globalThis) reportError(error);
    else console.error(error); // Node
  }
}

/** A browser may refuse even the name of its storage. */
function browserStorage(): Keep | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
