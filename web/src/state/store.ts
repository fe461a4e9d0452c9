import type { Chat } from "./chat";

/** Store holds the chat as it is now and tells who wants to know. */
export class Store {
  private readonly listeners = new Set<(chat: Chat) => void>();

  constructor(private current: Chat) {}

  get chat(): Chat {
    return this.current;
  }

  change(to: (chat: Chat) => Chat): void {
    const chat = to(this.current);
    if (chat === this.current) return;
    this.current = chat;
    for (const tell of this.listeners) tell(this.current); // one of them may change it again
  }

  /** listen calls tell after every change, until what it returns is called. */
  listen(tell: (chat: Chat) => void): () => void {
    this.listeners.add(tell);
    return () => void this.listeners.delete(tell);
  }
}
