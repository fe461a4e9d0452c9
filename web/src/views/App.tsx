import { useEffect, useState } from "preact/hooks";
import type { Store } from "../state/store";
import type { Acts } from "./acts";
import { Door } from "./Door";
import { RoomScreen } from "./RoomScreen";

export function App({ store, acts }: { store: Store; acts: Acts }) {
  const [chat, setChat] = useState(store.chat);
  useEffect(() => {
    setChat(store.chat);
    return store.listen(setChat);
  }, []);
  return chat.screen.is === "door" ? <Door chat={chat} wrong={chat.screen.wrong} acts={acts} /> : <RoomScreen chat={chat} acts={acts} />;
}
