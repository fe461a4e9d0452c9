// What /parley.js exports. This file is served as /parley.d.ts as it stands, so it
// imports nothing. What travels on the wire keeps the wire's names (reply_to); what
// this client adds to it is written as JavaScript writes it (retryAt).

/** connect begins a chat with a server. It returns at once and goes on trying: watch chat.state. */
export declare function connect(options?: Options): Chat;

export interface Options {
  /** Where the server is, "https://chat.example/". Left out: where this module was loaded from. */
  readonly url?: string | URL;
  /** A guest's name. Left out: the name of last time, else "Anonymous". */
  readonly name?: string;
  /** A JSON Web Token, or what gets a fresh one: it is asked before each connection. null: be a guest. */
  readonly token?: string | null | (() => string | null | Promise<string | null>);
  /** Keeps the guest's pass and what is not sent yet. Left out: localStorage. null: memory alone. */
  readonly storage?: Keep | null;
}

/** Keep is as much of the browser's Storage as this client uses. */
export type Keep = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/**
 * Chat is one person's connection with a server, through as many sockets as it takes.
 * It has one snapshot, state, that is replaced and never changed.
 */
export interface Chat {
  readonly state: State;
  /** subscribe calls changed after each change of state, until what it returns is called. */
  subscribe(changed: () => void): () => void;
  /** listen is told what happens in every room. A room's events come once each, and in order. */
  listen(hear: (news: News) => void): () => void;
  /** room is the handle of a room, the same one for the same name. It does not join it. */
  room(name: string): Room;
  /**
   * do gives a command to the server. It rejects with a ParleyError: the server's, or
   * "offline" where it was not sent, "lost" where the line broke before the answer.
   */
  do<C extends keyof Commands>(command: C, fields: Commands[C]["fields"]): Promise<Commands[C]["answer"]>;
  /** rename gives a guest another name, now or, while there is no line, at the next connection. */
  rename(name: string): Promise<void>;
  /** retry sends a refused draft again, behind those that wait. */
  retry(key: string): void;
  /** discard takes back a draft that is not with the server. */
  discard(key: string): void;
  /** now tries at once what waits for its time; after "closed", it begins again. */
  now(): void;
  /** close ends the chat for good. What was not sent is kept for the next time. */
  close(): void;
}

export interface State {
  readonly line: Line;
  /** Who one is; null before the first welcome. */
  readonly user: User | null;
  /** Whether one is a guest, who may rename. */
  readonly guest: boolean;
  /** What the server takes; null before the first welcome. */
  readonly limits: Limits | null;
  /** What was written here and is not yet in its room's log, in the order written, refused ones too. */
  readonly drafts: readonly Draft[];
}

/** The line to the server. */
export type Line =
  | { readonly is: "connecting" }
  | { readonly is: "open" }
  /** It is tried again at retryAt; why is what the server said, or "no_socket" where all but WebSockets gets through. */
  | { readonly is: "offline"; readonly since: number; readonly retryAt: number; readonly why: Code | null }
  /** Somebody has to do something first; now() tries again. code is the socket's close code. */
  | { readonly is: "closed"; readonly why: Closed; readonly code: number };

export type Closed =
  | "signed_out" // the server wants a token that holds
  | "origin_refused" // it wants no page of this origin: --allow-origin
  | "banned"
  | "replaced"
  | "protocol" // it cannot read what this client sends, or may not
  | "done"; // close() was called

/** Room is a room of a chat. */
export interface Room {
  readonly name: string;
  /** The last event that was told, and in which life of the log; null before the first join is answered. */
  readonly cursor: Cursor | null;
  /** listen is told what happens in this room. Its events come once each, and in order. */
  listen(hear: (news: News) => void): () => void;
  /**
   * join comes into the room and stays in it through every loss of the line. The first
   * time it tells the last events, 50 unless last says otherwise; then what came since.
   */
  join(last?: number): Room;
  /** leave goes out of it. Joining again goes on from where one was. */
  leave(): void;
  /** send writes a message: into the outbox at once, to the server as soon as it can be. */
  send(text: string, replyTo?: number): Sending;
  edit(seq: number, text: string): Promise<Written>;
  delete(seq: number): Promise<Written>;
  react(seq: number, emoji: string): Promise<Written>;
  unreact(seq: number, emoji: string): Promise<Written>;
  topic(text: string): Promise<Written>;
  /** history is the page of events before a seq or after one; the newest where neither is given. */
  history(where?: { readonly before?: number; readonly after?: number; readonly limit?: number }): Promise<Page>;
  /** read moves one's read mark forward, now or when there is a line again. */
  read(seq: number): void;
  /** typing says that one is writing. Call it at every key: it is sent as often as it has to be. */
  typing(): void;
}

export interface Sending {
  /** A UUIDv7: the draft's, and the message's for as long as it lives. */
  readonly key: string;
  /** Once it is stored. Rejects where the server refuses it, or it is discarded; nobody needs to catch that. */
  readonly written: Promise<Written>;
}

/** Draft is a message that is not yet in its room's log. */
export type Draft = {
  readonly key: string;
  readonly room: string;
  readonly text: string;
  /** The message that it answers; 0 for none. */
  readonly replyTo: number;
  /** When it was written, milliseconds since 1970. */
  readonly at: number;
} & (
  | { readonly state: "waiting" } // for a line, or for the one before it
  | { readonly state: "held"; readonly code: Code; readonly until: number } // the server takes it then; those behind it wait too
  | { readonly state: "sending" }
  | { readonly state: "sent"; readonly seq: number } // it is stored, and its event is on its way
  | { readonly state: "refused"; readonly code: Code; readonly why: string }
);

/** What happens in a room: the server's frames, and what this client has to add. */
export type News =
  /**
   * The room was joined, at first or again after a loss of the line. With reset, what
   * was told before no longer counts: the events from from on are a beginning.
   */
  | ({ readonly type: "joined"; readonly room: string } & Omit<Joined, "room"> & { readonly log: Joined["room"] })
  | ({ readonly type: "event" } & Event)
  /** All that was there when one joined has been told. */
  | { readonly type: "caught_up"; readonly room: string; readonly seq: number }
  /** Who came and who went. With all, joined is everybody, or the first 200 of them. */
  | { readonly type: "presence"; readonly room: string; readonly all: boolean; readonly joined: readonly User[]; readonly left: readonly User[]; readonly count: number }
  | { readonly type: "typing"; readonly room: string; readonly users: readonly User[] }
  /** A read mark moved, here or in another of one's sessions. */
  | { readonly type: "read"; readonly room: string; readonly seq: number; readonly unread: number; readonly mentions: number }
  /** The room does not let one in. It is not tried again before the next join. */
  | { readonly type: "refused"; readonly room: string; readonly error: ParleyError };

export declare class ParleyError extends Error {
  constructor(code: Code, text?: string, retryMs?: number);
  readonly code: Code;
  /** For a person, in English. */
  readonly text: string;
  /** Waiting so long helps; 0 where it does not. */
  readonly retryMs: number;
}

/** The server's codes, which may become more, and four of this client's own. */
export type Code =
  | "invalid_json"
  | "unknown_type"
  | "invalid_id"
  | "invalid_field"
  | "invalid_name"
  | "invalid_room"
  | "invalid_text"
  | "invalid_emoji"
  | "not_joined"
  | "rate_limited"
  | "too_large"
  | "too_many"
  | "key_reused"
  | "forbidden"
  | "not_found"
  | "unavailable"
  | "internal"
  | "unauthenticated"
  | "origin_refused"
  | "too_many_handshakes"
  | "too_many_sessions"
  | "draining"
  | "overloaded"
  | "offline" // there is no line: it was not sent
  | "lost" // the line broke before the answer: it may have been done
  | "discarded" // the person took it back
  | "no_socket" // the server answers, but no WebSocket gets through to it
  | (string & {});

// From here on, the wire: docs/wire.md says it all.

/** The commands, with their fields and what answers them. */
export interface Commands {
  join: { fields: { room: string; since?: Cursor; last?: number }; answer: Joined };
  leave: { fields: { room: string }; answer: Nothing };
  send: { fields: { room: string; text: string; key?: string; reply_to?: number }; answer: Written };
  edit: { fields: { room: string; seq: number; text: string }; answer: Written };
  delete: { fields: { room: string; seq: number }; answer: Written };
  react: { fields: { room: string; seq: number; emoji: string }; answer: Written };
  unreact: { fields: { room: string; seq: number; emoji: string }; answer: Written };
  topic: { fields: { room: string; text: string }; answer: Written };
  history: { fields: { room: string; before?: number; after?: number; limit?: number }; answer: Page };
  search: { fields: { text: string; room?: string; cursor?: string; limit?: number }; answer: Found };
  rooms: { fields: Nothing; answer: { readonly rooms: readonly RoomSummary[] } };
  read: { fields: { room: string; seq: number }; answer: { readonly seq: number; readonly unread: number; readonly mentions: number } };
  typing: { fields: { room: string }; answer: Nothing };
  rename: { fields: { name: string }; answer: { readonly user: User; readonly pass?: string } };
  ping: { fields: Nothing; answer: { readonly time: number } };
}

export type Nothing = Record<never, never>;

export interface User {
  /** Stays the same, whatever the name is. */
  readonly id: string;
  readonly name: string;
  readonly role?: string;
}

/** Event is a durable fact in a room. One that is read again later carries its message's newest text. */
export interface Event {
  readonly room: string;
  readonly seq: number;
  readonly ts: number;
  /** A newer server may have more kinds. */
  readonly kind: "message" | "edit" | "delete" | "react" | "unreact" | "topic" | (string & {});
  readonly user: User;
  readonly text?: string;
  readonly key?: string;
  readonly reply_to?: number;
  readonly target?: number;
  readonly emoji?: string;
  readonly edited?: number;
  readonly deleted?: boolean;
}

export interface Cursor {
  readonly epoch: string;
  readonly seq: number;
}

export type Reset = "epoch" | "purged" | "ahead" | (string & {});

export interface Joined {
  readonly room: { readonly name: string; readonly epoch: string; readonly first: number; readonly head: number; readonly topic: string };
  readonly from: number;
  readonly count: number;
  readonly reset?: Reset;
}

export interface Written {
  readonly seq: number;
  readonly ts: number;
  readonly repeated?: boolean;
}

export interface Page {
  readonly events: readonly Event[];
  readonly first: number;
  readonly head: number;
}

export interface Found {
  readonly events: readonly Event[];
  readonly cursor?: string;
  readonly indexed: number;
}

export interface RoomSummary {
  readonly name: string;
  readonly topic: string;
  readonly head: number;
  readonly read: number;
  readonly unread: number;
  readonly mentions: number;
  readonly count: number;
}

export interface Limits {
  readonly message_bytes: number;
  readonly text_runes: number;
  readonly name_runes: number;
  readonly room_runes: number;
  readonly topic_runes: number;
  readonly key_bytes: number;
  readonly rooms: number;
  readonly rate_count: number;
  readonly rate_ms: number;
  readonly typing_ms: number;
}
