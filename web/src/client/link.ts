import { backoff } from "./backoff";
import { closing } from "./closing";
import { decode, type Frame, type Welcome } from "./decode";
import { Socket } from "./socket";
import type { Closed, Line, Options } from "./types";
import { whoami } from "./whoami";

const steadyAfter = 10_000; // a line that held so long was a good one
const noSocketAfter = 3; // upgrades in a row that failed though the server would let one in

/** Where a guest's pass is kept. */
export interface Passes {
  readonly pass: string | null;
  /** forget: the pass does not hold any more. */
  forget(): void;
}

export interface Ears {
  /** changed: the line is another, but not open. */
  changed(line: Line): void;
  /** welcomed: it is open. */
  welcomed(welcome: Welcome): void;
  heard(frame: Exclude<Frame, Welcome>): void;
  /** lost: what was asked is not answered any more. */
  lost(): void;
}

/** Link keeps a line to the server: it opens a socket, and another when that one is gone, and finds out why not. */
export class Link {
  line: Line = { is: "connecting" };

  private socket: Socket | null = null;
  private credential: { readonly value: string; readonly is: "token" | "pass" } | null = null; // of the socket
  private worthless: string | null = null; // a token that the server has refused
  private turn = 0; // counts attempts: what was begun for an earlier one no longer counts
  private attempt = 0; // in a row without a steady line
  private unopened = 0; // upgrades in a row that failed
  private openedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly base: URL,
    private readonly token: Options["token"],
    private readonly passes: Passes,
    private readonly ears: Ears,
  ) {}

  /** open tries now, unless a socket is there or on its way. */
  async open(): Promise<void> {
    if (this.socket) return;
    clearTimeout(this.timer);
    const turn = ++this.turn;
    let token: string | null;
    try {
      token = (typeof this.token === "function" ? await this.token() : this.token) ?? null;
    } catch {
      if (turn === this.turn) this.again(0);
      return;
    }
    if (turn !== this.turn) return;
    if (token !== null && token === this.worthless) return this.stop("signed_out", 4401);
    const { pass } = this.passes;
    this.credential = token !== null ? { value: token, is: "token" } : pass !== null ? { value: pass, is: "pass" } : null;
    try {
      this.socket = new Socket(this.base, this.credential?.value ?? null, {
        heard: (data) => this.heard(data),
        ended: (code, opened) => void this.ended(code, opened),
      });
    } catch {
      this.stop("protocol", 0); // an address or a token that a browser takes for none
    }
  }

  /** now tries at once what waits for its time, and has a line that is there prove it. */
  now(): void {
    if (this.socket) return this.socket.wake();
    if (this.line.is === "closed") {
      if (this.line.why === "done") return;
      this.attempt = 0;
      this.worthless = null;
      this.change({ is: "connecting" });
    }
    void this.open();
  }

  send(frame: string): void {
    this.socket?.send(frame);
  }

  /** drop gives the line up: what it says does not hold together. */
  drop(): void {
    this.socket?.drop();
  }

  /** stop ends the line until somebody acts. */
  stop(why: Closed, code: number): void {
    this.turn++;
    clearTimeout(this.timer);
    if (this.socket) {
      this.socket.close();
      this.socket = null;
      this.ears.lost();
    }
    this.change({ is: "closed", why, code });
  }

  private heard(data: unknown): void {
    const frame = decode(data);
    if (frame === null) return;
    if (frame.type !== "welcome") return this.ears.heard(frame);
    this.unopened = 0;
    this.openedAt = Date.now();
    this.line = { is: "open" };
    this.ears.welcomed(frame);
  }

  private async ended(code: number, opened: boolean): Promise<void> {
    this.socket = null;
    if (this.line.is === "open" && Date.now() - this.openedAt >= steadyAfter) this.attempt = 0;
    this.ears.lost();
    const next = closing(code);
    if (next.then === "again") {
      this.again(next.least);
      if (!opened) await this.findOut();
    } else if (next.why === "signed_out" && this.credential?.is === "token") {
      this.renew();
    } else {
      if (next.why === "signed_out") this.passes.forget(); // so that the person may begin anew
      this.stop(next.why, code);
    }
  }

  private again(least: number): void {
    const wait = backoff(this.attempt++, least);
    this.timer = setTimeout(() => void this.open(), wait);
    const before = this.line.is === "offline" ? this.line : { since: Date.now(), why: null };
    this.change({ is: "offline", since: before.since, retryAt: Date.now() + wait, why: before.why });
  }

  /** findOut tells a server that refuses from one that is away. */
  private async findOut(): Promise<void> {
    const { turn } = this;
    const why = await whoami(this.base, this.credential?.value ?? null);
    if (turn !== this.turn || this.line.is !== "offline") return;
    switch (why) {
      case "offline":
        return this.change({ ...this.line, why: null });
      case "unauthenticated":
        return this.renew();
      case "origin_refused":
        return this.stop("origin_refused", 1006);
      case null: // twice may be chance
        if (++this.unopened >= noSocketAfter) this.change({ ...this.line, why: "no_socket" });
        return;
      default:
        this.change({ ...this.line, why });
    }
  }

  /** renew tries once more where the server has refused a token or a pass: with a fresh one, or without. */
  private renew(): void {
    clearTimeout(this.timer);
    switch (this.credential?.is) {
      case "token":
        this.worthless = this.credential.value;
        return void this.open();
      case "pass":
        this.passes.forget();
        return void this.open();
      default:
        this.stop("signed_out", 4401);
    }
  }

  private change(line: Line): void {
    this.line = line;
    this.ears.changed(line);
  }
}
