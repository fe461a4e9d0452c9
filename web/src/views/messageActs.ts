/** What can be done with a message, as its row offers it. */
export interface MessageActs {
  react(seq: number, emoji: string, on: boolean): void;
  reply(seq: number): void;
  edit(seq: number): void;
  /** open shows a choice about a message beside what one pressed. */
  open(what: Choice, seq: number, beside: Element): void;
  jump(seq: number): void;
  quoted(seq: number): void;
  retry(key: string): void;
  discard(key: string): void;
}

/** The choices: an emoji, what else to do, whether to delete it. */
export type Choice = "emoji" | "more" | "delete";
