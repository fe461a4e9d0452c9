import type { Found } from "../client/types";
import type { Does } from "../state/chat";

/** What a person can do; views call these and know nothing of what lies behind. */
export interface Acts {
  join(name: string, room: string): void;
  leave(): void;
  /** go shows another room, and comes into it. */
  go(room: string): void;
  /** forget goes out of a room. */
  forget(room: string): void;
  rename(name: string): void;
  write(text: string, replyTo: number): void;
  retry(key: string): void;
  discard(key: string): void;
  change(seq: number, does: Does): void;
  topic(text: string): void;
  typing(): void;
  /** Lines before and after those on the screen; either may be called often. */
  older(): void;
  newer(): void;
  newest(): void;
  /** lookUp shows a message of any room among those around it. */
  lookUp(room: string, seq: number): Promise<boolean>;
  /** quoted gets a message that one on the screen answers. */
  quoted(seq: number): void;
  /** reached says whether the newest line is on the screen. */
  reached(end: boolean): void;
  /** search finds messages, in one room or, with null, in all; or says why not. */
  search(text: string, room: string | null, cursor?: string): Promise<Found | string>;
  /** listRooms asks for the rooms that there are. */
  listRooms(): void;
  /** now tries at once what waits for its time. */
  now(): void;
  say(text: string): void;
}
