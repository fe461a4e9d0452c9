import type { Asked } from "./asks";
import { ParleyError } from "./error";
import { newKey } from "./key";
import * as outbox from "./outbox";
import type { Shelf } from "./shelf";
import type { Draft, Event, Sending, User, Written } from "./types";

const askAgain = 2000; // where the server does not say

export interface Host {
  changed(drafts: outbox.Outbox): void;
  send(draft: Draft, asked: Asked<"send">): void;
  /** isTold says whether an event of a room was told, or never will be. */
  isTold(room: string, seq: number): boolean;
}

interface Settle {
  resolve(written: Written): void;
  reject(error: ParleyError): void;
}

/** Sender sees to it that what is written reaches the server: in the order written, once, and across reloads. */
export class Sender {
  drafts: outbox.Outbox = [];

  private user: string | null = null; // of the line; null while there is none
  private readonly waiting = new Map<string, Settle>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shelf: Shelf,
    private readonly host: Host,
  ) {}

  write(room: string, text: string, replyTo: number): Sending {
    const now = Date.now();
    const key = newKey(now);
    const written = new Promise<Written>((resolve, reject) => this.waiting.set(key, { resolve, reject }));
    written.catch(() => {}); // the draft tells it, too
    this.set(outbox.write(this.drafts, key, room, text, replyTo, now));
    this.pump();
    return { key, written };
  }

  /** inherit takes what another tab, or this one before a reload, did not send. */
  inherit(drafts: outbox.Outbox): void {
    const mine = new Set(this.drafts.map((draft) => draft.key));
    this.set([...this.drafts, ...outbox.lineLost(drafts.filter((draft) => !mine.has(draft.key)))]);
    this.pump();
  }

  retry(key: string): void {
    const now = Date.now();
    this.set(outbox.again(this.drafts, key, newKey(now), now));
    this.pump();
  }

  discard(key: string): void {
    const draft = this.drafts.find((one) => one.key === key);
    if (!draft || draft.state === "sending" || draft.state === "sent") return;
    this.set(outbox.without(this.drafts, key));
    this.settle(key, (one) => one.reject(new ParleyError("discarded")));
    this.pump(); // others may have waited behind it
  }

  /** opened: there is a line, of this user. */
  opened({ id }: User): void {
    if (this.shelf.user !== "" && this.shelf.user !== id) {
      this.drafts = []; // another's: they wait on the shelf
      this.host.changed(this.drafts);
    }
    this.user = id;
    this.shelf.becomes(id);
    this.pump();
  }

  lineLost(): void {
    this.user = null;
    clearTimeout(this.timer);
    this.set(outbox.lineLost(this.drafts));
  }

  /** heard: an event of one's own draft takes its place. */
  heard({ user, key, seq, ts }: Event): void {
    if (key === undefined || user.id !== this.user || !this.drafts.some((draft) => draft.key === key)) return;
    this.set(outbox.without(this.drafts, key));
    this.settle(key, (one) => one.resolve({ seq, ts }));
    this.pump();
  }

  /** passedBy: events of a room before a seq won't be told, so drafts need not wait for them. */
  passedBy(room: string, before = Infinity): void {
    const left = this.drafts.filter((draft) => draft.room !== room || draft.state !== "sent" || draft.seq >= before);
    if (left.length < this.drafts.length) this.set(left);
  }

  private pump(): void {
    if (this.user === null) return;
    for (const draft of outbox.next(this.drafts, Date.now())) {
      this.set(outbox.sending(this.drafts, draft.key));
      this.host.send(draft, {
        done: (written) => this.sent(draft, written),
        refused: (error) => this.refused(draft, error),
      });
    }
    clearTimeout(this.timer);
    const at = outbox.nextAt(this.drafts);
    if (at !== null) this.timer = setTimeout(() => this.pump(), Math.max(0, at - Date.now()));
  }

  private sent({ key, room }: Draft, written: Written): void {
    const told = this.host.isTold(room, written.seq);
    this.set(told ? outbox.without(this.drafts, key) : outbox.sent(this.drafts, key, written.seq));
    this.settle(key, (one) => one.resolve(written));
    this.pump();
  }

  private refused({ key }: Draft, error: ParleyError): void {
    if (error.code === "lost") return; // lineLost says the rest
    if (error.retryMs > 0 || error.code === "unavailable") {
      this.set(outbox.held(this.drafts, key, error.code, Date.now() + (error.retryMs || askAgain)));
    } else {
      this.set(outbox.refused(this.drafts, key, error.code, error.text));
      this.settle(key, (one) => one.reject(error));
    }
    this.pump();
  }

  private settle(key: string, how: (one: Settle) => void): void {
    const one = this.waiting.get(key);
    this.waiting.delete(key);
    if (one) how(one);
  }

  private set(drafts: outbox.Outbox): void {
    this.drafts = drafts;
    this.shelf.keep(drafts.filter(outbox.isUnsent));
    this.host.changed(drafts);
  }
}
