import { isAnswer, type Ok, type Refusal } from "./decode";
import { ParleyError } from "./error";
import type { Commands } from "./types";

/** What to do with the answer of a command; called once, as the frame is heard. */
export interface Asked<C extends keyof Commands> {
  done(answer: Commands[C]["answer"]): void;
  refused(error: ParleyError): void;
}

interface Waiting {
  done(frame: object): void;
  refused(error: ParleyError): void;
}

/** Asks are the commands that one line has not answered yet. */
export class Asks {
  private readonly waiting = new Map<string, Waiting>();
  private count = 0;

  constructor(
    private readonly send: (frame: string) => void,
    private readonly mostBytes: number,
  ) {}

  ask<C extends keyof Commands>(command: C, fields: Commands[C]["fields"], asked: Asked<C>): void {
    const id = `${++this.count}`;
    const frame = JSON.stringify({ ...fields, type: command, id }, wellFormed);
    // The server ends a line for such a frame, and the same frame would end the next one.
    if (new TextEncoder().encode(frame).length > this.mostBytes) {
      return asked.refused(new ParleyError("too_large", `want at most ${this.mostBytes} bytes`));
    }
    this.waiting.set(id, {
      done: (answer) => {
        if (isAnswer(command, answer)) asked.done(answer);
        else asked.refused(new ParleyError("internal", `not what answers ${command}`));
      },
      refused: asked.refused,
    });
    this.send(frame);
  }

  ok({ type, id, ...answer }: Ok): void {
    this.take(id)?.done(answer);
  }

  /** refused hears of one command; or, where the server could not read which one it was, of all. */
  refused({ id, code, text, retry_ms }: Refusal): void {
    const error = new ParleyError(code, text, retry_ms);
    if (id === undefined) this.end(error);
    else this.take(id)?.refused(error);
  }

  /** end refuses whatever still waits. */
  end(error: ParleyError): void {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const one of waiting) one.refused(error);
  }

  private take(id: string): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }
}

/** parley.v1 refuses a frame with half a surrogate pair in it, as one cuts it from an emoji. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}
