// A server for the client's tests, spoken by hand, and time that stands still.

import { mock } from "node:test";
import { connect } from "../src/client/connect";
import type { Chat, Event, Keep, News, Options } from "../src/client/types";

/** A socket as the client under test has opened it. */
export class Socket {
  readonly heard: Frame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  closed = false;

  constructor(
    readonly url: URL,
    readonly protocols: readonly string[],
  ) {
    sockets.push(this);
  }

  send(data: string): void {
    this.heard.push(JSON.parse(data) as Frame);
  }

  close(): void {
    this.closed = true;
  }

  /** say sends a frame to the client. */
  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** break ends it with a close code. */
  break(code = 1006): void {
    this.closed = true;
    this.onclose?.({ code });
  }

  welcome(user = "ada", more: object = { pass: `pass1.${user}` }): this {
    this.onopen?.();
    const limits = { message_bytes: 65536, text_runes: 4000, name_runes: 40, room_runes: 64, topic_runes: 250, key_bytes: 64, rooms: 100, rate_count: 10, rate_ms: 10000, typing_ms: 6000 };
    this.say({ type: "welcome", session: "s", user: { id: user, name: user }, limits, time: 0, ...more });
    return this;
  }

  /** asked takes the oldest command of a kind that is not answered yet. */
  asked(type: string): Frame {
    const at = this.heard.findIndex((frame) => frame.type === type);
    if (at < 0) throw new Error(`no ${type} in ${JSON.stringify(this.heard)}`);
    return this.heard.splice(at, 1)[0] as Frame;
  }

  ok(type: string, answer: object = {}): void {
    this.say({ type: "ok", id: this.asked(type).id, ...answer });
  }

  no(type: string, code: string, more: object = {}): void {
    this.say({ type: "error", id: this.asked(type).id, code, text: code, ...more });
  }

  /** joined lets the client into the lobby, from one event on. */
  joined(from: number, head = from - 1, more: object = {}): void {
    this.ok("join", { room: { name: "lobby", epoch: "e1", first: 1, head, topic: "" }, from, count: 1, ...more });
  }

  /** events are those of the lobby from one seq to another. */
  events(from: number, to: number, more: object = {}): void {
    for (let seq = from; seq <= to; seq++) {
      this.say({ type: "event", room: "lobby", seq, ts: seq, kind: "message", user: { id: "grace", name: "grace" }, text: `${seq}`, ...more });
    }
  }
}

export interface Frame {
  readonly type: string;
  readonly id: string;
  readonly [field: string]: unknown;
}

export const sockets: Socket[] = [];

/** last is the socket that the client opened last. */
export function last(): Socket {
  const socket = sockets.at(-1);
  if (!socket) throw new Error("nothing was opened");
  return socket;
}

type Hear = (event: { readonly type: string; readonly key?: string }) => void;

const hears = new Map<string, readonly Hear[]>();

/** happens tells the client of something that happens to its page. */
export function happens(type: "online" | "offline" | "pageshow" | "visibilitychange", hidden = false): void {
  (globalThis as unknown as Record<string, unknown>)["document"] = { hidden };
  for (const hear of hears.get(type) ?? []) hear({ type });
}

/** changes tells it that another tab has changed what is kept under a name. */
export function changes(key: string): void {
  for (const hear of hears.get("storage") ?? []) hear({ type: "storage", key });
}

/** The rest of the world: no clock runs, chance is nought, and fetch answers as the test says. */
export function world(whoami: () => { status: number; body?: object } = () => ({ status: 0 })): void {
  sockets.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  mock.method(Math, "random", () => 0.5);
  const global = globalThis as unknown as Record<string, unknown>;
  global["WebSocket"] = Socket;
  hears.clear();
  global["addEventListener"] = (type: string, hear: Hear) => hears.set(type, [...(hears.get(type) ?? []), hear]);
  global["removeEventListener"] = (type: string, hear: Hear) => hears.set(type, (hears.get(type) ?? []).filter((one) => one !== hear));
  global["document"] = { hidden: false };
  global["fetch"] = async () => {
    const { status, body } = whoami();
    if (status === 0) throw new TypeError("fetch failed");
    return { ok: status === 200, status, json: async () => body };
  };
}

/** tick lets time pass, by steps: in one go, all timers would fire at its end, as after a sleep. */
export function tick(ms: number): void {
  for (; ms > 100; ms -= 100) mock.timers.tick(100);
  mock.timers.tick(ms);
}

/** settled lets whatever is due by now happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await null;
}

/** chat begins a chat, and notes what it tells. */
export async function chat(options: Options = {}): Promise<{ readonly chat: Chat; readonly news: News[] }> {
  const made = connect({ url: "http://parley.test/", storage: null, ...options });
  const news: News[] = [];
  made.listen((one) => news.push(one));
  await settled();
  return { chat: made, news };
}

/** seqs are the events that were told. */
export function seqs(news: readonly News[]): number[] {
  return news.filter((one): one is News & { type: "event" } & Event => one.type === "event").map((one) => one.seq);
}

export function keep(): Keep & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    get length() {
      return items.size;
    },
    key: (i) => [...items.keys()][i] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
}
