/** What a person can do; views call these and know nothing of what lies behind. */
export interface Acts {
  join(name: string, room: string): void;
  go(room: string): void;
  forget(room: string): void;
  write(text: string): void;
  again(key: string): void;
  discard(key: string): void;
  leave(): void;
  now(): void;
  say(text: string): void;
}
