import { withRoom } from "../state/chat";
import type { Store } from "../state/store";

/** watchHidden tells the store whether somebody can see the page: what comes meanwhile is unread. */
export function watchHidden(store: Store): void {
  const tell = () => {
    const { chat } = store;
    const { hidden } = document;
    // The mark of what is new goes when the reader goes: what comes then is new.
    const marked = hidden ? withRoom(chat, chat.room, () => ({ newFrom: null })) : chat;
    store.set({ ...marked, hidden, unread: 0 });
  };
  document.addEventListener("visibilitychange", tell);
}
