// What the server says, checked once at the door: past this file nothing is of
// unknown shape. What more a newer server sends is passed over.

import type { Commands, Event, Limits, News, User } from "./types";

export type Frame =
  | Welcome
  | Ok
  | Refusal
  | ({ readonly type: "event" } & Event)
  | Extract<News, { readonly type: "caught_up" | "presence" | "typing" | "read" }>;

export interface Welcome {
  readonly type: "welcome";
  readonly user: User;
  /** Of guests alone. */
  readonly pass?: string;
  readonly limits: Limits;
}

export interface Ok {
  readonly type: "ok";
  readonly id: string;
}

export interface Refusal {
  readonly type: "error";
  /** Missing where the server could not read it. */
  readonly id?: string;
  readonly code: string;
  readonly text: string;
  readonly retry_ms?: number;
}

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const maybe = (check: Check): Check => (value) => value === undefined || check(value);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const shaped = (shape: Shape): Check => {
  const members = Object.entries(shape);
  return (value) => isRecord(value) && members.every(([name, check]) => check(value[name]));
};

const user = shaped({ id: text, name: text });
const event: Shape = {
  room: text, seq: number, ts: number, kind: text, user,
  text: maybe(text), key: maybe(text), reply_to: maybe(number), target: maybe(number), emoji: maybe(text), edited: maybe(number),
};
const mark: Shape = { seq: number, unread: number, mentions: number };
const events = listOf(shaped(event));
const written = shaped({ seq: number, ts: number });

const frames = new Map<unknown, Check>([
  ["welcome", shaped({ user, pass: maybe(text), limits: isRecord })],
  ["ok", shaped({ id: text })],
  ["error", shaped({ id: maybe(text), code: text, text, retry_ms: maybe(number) })],
  ["event", shaped(event)],
  ["caught_up", shaped({ room: text, seq: number })],
  ["presence", shaped({ room: text, joined: listOf(user), left: listOf(user), count: number })],
  ["typing", shaped({ room: text, users: listOf(user) })],
  ["read", shaped({ room: text, ...mark })],
]);

const answers: { readonly [C in keyof Commands]: Check } = {
  join: shaped({
    room: shaped({ name: text, epoch: text, first: number, head: number, topic: text }),
    from: number, count: number, reset: maybe(text),
  }),
  leave: isRecord,
  send: written,
  edit: written,
  delete: written,
  react: written,
  unreact: written,
  topic: written,
  history: shaped({ events, first: number, head: number }),
  search: shaped({ events, cursor: maybe(text), indexed: number }),
  rooms: shaped({ rooms: listOf(shaped({ name: text, topic: text, head: number, read: number, unread: number, mentions: number, count: number })) }),
  read: shaped(mark),
  typing: isRecord,
  rename: shaped({ user, pass: maybe(text) }),
  ping: shaped({ time: number }),
};

/** decode reads one frame; null for one that this client does not know. */
export function decode(data: unknown): Frame | null {
  const frame = typeof data === "string" ? parse(data) : null;
  if (!isRecord(frame) || !frames.get(frame["type"])?.(frame)) return null;
  return frame as Frame;
}

/** answers says whether a frame that answers a command has what such an answer has. */
export function isAnswer<C extends keyof Commands>(command: C, frame: object): frame is Commands[C]["answer"] {
  return answers[command](frame);
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
