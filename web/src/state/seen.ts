import type { User } from "../client/types";
import type { Change } from "./chat";
import type { Message } from "./lines";
import { chips, type Chip, type Marks, type Reaction } from "./marks";
import { textOf } from "./room";

/** A message as it is shown: what the log says of it, and what one has asked to change since. */
export interface Seen {
  /** null once it was deleted. */
  readonly text: string | null;
  /** When its text was last changed; 0 for never. */
  readonly edited: number;
  readonly chips: readonly Chip[];
  /** Whether its text is not yet so for others. */
  readonly pending: boolean;
}

export function seen(message: Message, marks: Marks, changes: readonly Change[], me: User): Seen {
  let text = textOf(message, marks);
  let edited = Math.max(message.edited, marks.edit?.at ?? 0);
  let pending = false;
  let reactions: readonly Reaction[] = marks.reactions;
  for (const { does, key } of changes) {
    switch (does.what) {
      case "edit":
        [text, edited, pending] = [does.text, Math.max(edited, message.at), true];
        break;
      case "delete":
        [text, pending] = [null, true];
        break;
      case "react": {
        const others = reactions.filter((one) => one.emoji !== does.emoji || one.user.id !== me.id);
        // Behind all that is in the log, for now.
        reactions = [...others, { emoji: does.emoji, user: me, seq: Number.MAX_SAFE_INTEGER - 1e6 + key, on: does.on }];
        break;
      }
    }
  }
  return { text, edited, chips: text === null ? [] : chips(reactions, me.id), pending };
}
