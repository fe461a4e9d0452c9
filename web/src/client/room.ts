import type { Frame } from "./decode";
import type { ParleyError } from "./error";
import type { Asked } from "./asks";
import type { Commands, Cursor, Joined, News, Page, Room, Sending, Written } from "./types";

const askAgain = 2000; // where the server does not say
const readEvery = 1000;

/** What a room needs of its chat. */
export interface Host {
  /** ask gives a command to the line that is open; without one it is refused at once. */
  ask<C extends keyof Commands>(command: C, fields: Commands[C]["fields"], asked: Asked<C>): void;
  do<C extends keyof Commands>(command: C, fields: Commands[C]["fields"]): Promise<Commands[C]["answer"]>;
  write(room: string, text: string, replyTo: number): Sending;
  tell(news: News): void;
  left(room: string): void;
  listen(hear: (news: News) => void): () => void;
  /** distrust gives the line up: what it says does not hold together. */
  distrust(): void;
  readonly open: boolean;
  /** How long one counts as typing after one said so. */
  readonly typingMs: number;
}

/** Follower keeps one in a room, and tells its events once each and in order, through every loss of the line. */
export class Follower implements Room {
  cursor: Cursor | null = null;
  private wanted = false;
  private last = 50;
  private joining: object | null = null; // the join that is asked for; an answer to another does not count
  private since = -1; // where the last join began
  private enterLater: ReturnType<typeof setTimeout> | undefined;
  private typed = 0; // when that was said last
  private readUpTo = 0;
  private marked = 0; // as the server knows
  private marking = false;
  private markLater: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly name: string,
    private readonly host: Host,
  ) {}

  listen(hear: (news: News) => void): () => void {
    return this.host.listen((news) => {
      if (news.room === this.name) hear(news);
    });
  }

  join(last = this.last): this {
    this.last = last;
    if (!this.wanted) {
      this.wanted = true;
      this.enter();
    }
    return this;
  }

  leave(): void {
    if (!this.wanted) return;
    this.wanted = false;
    this.joining = null;
    clearTimeout(this.enterLater);
    this.host.ask("leave", { room: this.name }, ignored);
    this.host.left(this.name);
  }

  send(text: string, replyTo = 0): Sending {
    this.typed = 0; // the server has one stop typing then
    return this.host.write(this.name, text, replyTo);
  }

  edit(seq: number, text: string): Promise<Written> {
    return this.host.do("edit", { room: this.name, seq, text });
  }

  delete(seq: number): Promise<Written> {
    return this.host.do("delete", { room: this.name, seq });
  }

  react(seq: number, emoji: string): Promise<Written> {
    return this.host.do("react", { room: this.name, seq, emoji });
  }

  unreact(seq: number, emoji: string): Promise<Written> {
    return this.host.do("unreact", { room: this.name, seq, emoji });
  }

  topic(text: string): Promise<Written> {
    return this.host.do("topic", { room: this.name, text });
  }

  history(where: { readonly before?: number; readonly after?: number; readonly limit?: number } = {}): Promise<Page> {
    return this.host.do("history", { ...where, room: this.name });
  }

  read(seq: number): void {
    this.readUpTo = Math.max(this.readUpTo, seq);
    this.mark();
  }

  typing(): void {
    const now = Date.now();
    if (!this.wanted || now - this.typed < this.host.typingMs / 2) return;
    this.typed = now;
    this.host.ask("typing", { room: this.name }, ignored);
  }

  /** opened: there is a line, which knows nothing of this room yet. */
  opened(): void {
    this.typed = 0;
    this.enter();
    this.mark();
  }

  lineLost(): void {
    this.joining = null;
    this.marking = false;
    clearTimeout(this.enterLater);
    clearTimeout(this.markLater);
  }

  /** has says whether a message that the server has stored was told, or never will be. */
  has(seq: number): boolean {
    return !this.wanted || (this.cursor !== null && this.cursor.seq >= seq);
  }

  /** heard takes a frame about this room. */
  heard(frame: Exclude<Frame, { readonly type: "welcome" | "ok" | "error" }>): void {
    if (frame.type === "read") {
      this.marked = Math.max(this.marked, frame.seq);
      this.host.tell(frame);
    } else if (!this.wanted || this.cursor === null) {
      return; // what was on its way when one left
    } else if (frame.type !== "event") {
      this.host.tell(frame.type === "presence" ? { ...frame, all: frame.all === true } : frame);
    } else if (frame.seq === this.cursor.seq + 1) {
      this.cursor = { epoch: this.cursor.epoch, seq: frame.seq };
      this.host.tell(frame);
    } else if (frame.seq > this.cursor.seq && !this.joining) {
      // A hole. Joining fills it; where that has not helped, another line may.
      if (this.cursor.seq === this.since) this.host.distrust();
      else this.enter();
    }
  }

  private enter(): void {
    if (!this.wanted || this.joining || !this.host.open) return;
    const joining = (this.joining = {});
    clearTimeout(this.enterLater);
    this.host.ask("join", { room: this.name, last: this.last, ...(this.cursor && { since: this.cursor }) }, {
      done: (answer) => {
        if (this.joining === joining) this.joined(answer);
      },
      refused: (error) => {
        if (this.joining === joining) this.refused(error);
      },
    });
  }

  private joined({ room: log, from, count, reset }: Joined): void {
    this.joining = null;
    if (reset !== undefined) this.readUpTo = this.marked = 0;
    if (reset !== undefined || this.cursor === null) this.cursor = { epoch: log.epoch, seq: from - 1 };
    this.since = this.cursor.seq;
    // While one asked, more may have come from where one was joined before.
    this.host.tell({ type: "joined", room: this.name, log, from: this.since + 1, count, ...(reset !== undefined && { reset }) });
  }

  private refused(error: ParleyError): void {
    this.joining = null;
    if (error.code === "lost") return; // the next line asks again
    if (["rate_limited", "unavailable", "internal"].includes(error.code)) {
      this.enterLater = setTimeout(() => this.enter(), error.retryMs || askAgain);
      return;
    }
    this.wanted = false;
    this.host.tell({ type: "refused", room: this.name, error });
  }

  /** mark tells the server how far one has read, and in one go what was read while it was told. */
  private mark(): void {
    const upTo = this.readUpTo;
    if (this.marking || upTo <= this.marked || !this.host.open) return;
    this.marking = true;
    const again = (after: number): void => {
      this.markLater = setTimeout(() => {
        this.marking = false;
        this.mark();
      }, after);
    };
    this.host.ask("read", { room: this.name, seq: upTo }, {
      done: (answer) => {
        this.marked = Math.max(this.marked, upTo, answer.seq);
        again(readEvery);
      },
      refused: (error) => {
        if (error.retryMs > 0) again(error.retryMs);
        else this.marking = false; // the next line, or the next one that is read, tries again
      },
    });
  }
}

const ignored = { done: (): void => {}, refused: (): void => {} };
