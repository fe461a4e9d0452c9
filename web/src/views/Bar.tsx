import type { Draft } from "../client/types";
import type { Chat } from "../state/chat";
import { count } from "../state/words";

interface Said {
  readonly text: string;
  readonly tone: "slow" | "word" | "down" | "bad";
  readonly way?: "Try now" | "Try again" | "Use it here" | "Reload";
}

/** Bar says, in words, how things stand with the server; nothing while all is well. */
export function Bar({ chat, now }: { chat: Chat; now: () => void }) {
  const said = sayOf(chat);
  return (
    <div class="bar" role="status">
      {said && (
        <div key={said.text} class={said.tone}>
          <span>{said.text}</span>
          {said.way && chat.screen.is === "room" && (
            <button type="button" class="quiet" onClick={said.way === "Reload" ? () => location.reload() : now}>
              {said.way}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function sayOf(chat: Chat): Said | null {
  const { line } = chat;
  switch (line.is) {
    case "closed":
      return { tone: "bad", ...closed(line, chat.token) };
    case "offline": {
      if (chat.screen.is === "door") return null;
      if (line.why === "no_socket") return { tone: "bad", text: "Not connected: a proxy on the way doesn’t let WebSockets through", way: "Try again" };
      const waiting = chat.drafts.filter(goesOut).length;
      const text = waiting > 0 ? `Offline. ${count(waiting, "message")} will be sent when you’re back` : "Offline. Trying to reconnect";
      return { tone: "down", text, way: "Try now" };
    }
    case "connecting":
      return chat.screen.is === "room" ? { tone: "slow", text: "Connecting…" } : null;
    case "open":
      return chat.word ? { tone: "word", text: chat.word.text } : null;
  }
}

function goesOut(draft: Draft): boolean {
  return draft.state === "waiting" || draft.state === "held" || draft.state === "sending";
}

function closed({ why, code }: Extract<Chat["line"], { is: "closed" }>, token: boolean): Pick<Said, "text" | "way"> {
  switch (why) {
    case "signed_out":
      return {
        text: token
          ? "Signed out: your sign-in has ended. Open the link that signed you in once more"
          : "Signed out: this chat asks for a sign-in. Open it by the link that signs you in",
        way: "Try again",
      };
    case "banned":
      return { text: "Signed out: you have been banned. Whoever runs this chat can lift that" };
    case "replaced":
      return { text: "Signed out: this chat was opened elsewhere in your name", way: "Use it here" };
    case "protocol":
      return { text: `Stopped: the server can’t read what this page sends (code ${code})`, way: "Reload" };
    case "origin_refused":
      return { text: `Not connected: this server takes no visitors at ${location.host}. Its log says how to let them in` };
    case "done":
      return { text: "Not connected", way: "Reload" };
  }
}
