import { choice, often } from "../state/emoji";
import { Icon, type IconName } from "./Icon";
import { oneLine } from "./Quote";

interface EmojiProps {
  react: (emoji: string) => void;
}

/** EmojiChoice is a small choice of emoji, and a field for any other. */
export function EmojiChoice({ react }: EmojiProps) {
  return (
    <>
      <ul class="emoji" aria-label="Emoji">
        {choice.map((emoji) => (
          <li key={emoji}>
            <button type="button" class="ghost square" onClick={() => react(emoji)}>
              {emoji}
            </button>
          </li>
        ))}
      </ul>
      <form
        class="other"
        onSubmit={(event) => {
          event.preventDefault();
          const typed = (event.currentTarget.elements.namedItem("emoji") as HTMLInputElement).value.trim();
          if (typed !== "") react(typed);
        }}
      >
        <input name="emoji" aria-label="Another emoji" placeholder="Another emoji" autocomplete="off" maxLength={16} />
        <button type="submit" class="plain">React</button>
      </form>
    </>
  );
}

interface MoreProps extends EmojiProps {
  mine: boolean;
  mayDelete: boolean;
  allEmoji: () => void;
  reply: () => void;
  edit: () => void;
  copy: () => void;
  remove: () => void;
}

/** MoreChoice is all that can be done with a message. */
export function MoreChoice({ mine, mayDelete, react, allEmoji, reply, edit, copy, remove }: MoreProps) {
  const item = (of: IconName, label: string, press: () => void, tone = "") => (
    <li>
      <button type="button" class={`ghost item${tone}`} onClick={press}>
        <Icon of={of} /> {label}
      </button>
    </li>
  );
  return (
    <>
      <ul class="emoji often" aria-label="React">
        {often.map((emoji) => (
          <li key={emoji}>
            <button type="button" class="ghost square" onClick={() => react(emoji)}>
              {emoji}
            </button>
          </li>
        ))}
        <li>
          <button type="button" class="ghost square" aria-label="More emoji" onClick={allEmoji}>
            <Icon of="react" />
          </button>
        </li>
      </ul>
      <ul class="items">
        {item("reply", "Reply", reply)}
        {mine && item("edit", "Edit", edit)}
        {item("copy", "Copy text", copy)}
        {mayDelete && item("trash", "Delete", remove, " bad")}
      </ul>
    </>
  );
}

/** DeleteChoice asks once more: a deleted text is gone for good. */
export function DeleteChoice({ text, remove, keep }: { text: string; remove: () => void; keep: () => void }) {
  return (
    <div class="sure">
      <p>Delete this message for everyone?</p>
      <p class="hint">
        <bdi>{oneLine(text)}</bdi>
      </p>
      <p class="ways">
        <button type="button" class="plain bad" onClick={remove}>
          Delete
        </button>
        <button type="button" class="plain" onClick={keep}>
          Keep
        </button>
      </p>
    </div>
  );
}
