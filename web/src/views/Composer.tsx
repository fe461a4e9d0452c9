import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { read, store } from "../dom/storage";
import { cleanText, maxText, points } from "../state/words";
import { Icon } from "./Icon";

/** toComposer puts the cursor where one writes. */
export function toComposer(): void {
  document.getElementById("composer")?.focus();
}

const warnFrom = maxText - 400;

/** Composer is where one writes. What stands in it is kept for its room until it is sent. */
export function Composer({ room, write }: { room: string; write: (text: string) => void }) {
  const place = `parley.draft.${room}`;
  const [text, setText] = useState(() => read("browser", place) ?? "");
  const field = useRef<HTMLTextAreaElement>(null);
  // With the drawing and not after it: what is typed in between would go nowhere, or come here from another field.
  useLayoutEffect(() => {
    // A phone's keyboard would cover the room that one came to read.
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, []);

  const keep = (typed: string) => {
    setText(typed);
    store("browser", place, typed || null);
  };
  const length = points(cleanText(text));
  const tooLong = length > maxText;
  const send = () => {
    // The field itself is asked: text is as old as the last drawing, and fast hands are faster.
    const typed = field.current?.value ?? "";
    const letters = points(cleanText(typed));
    if (letters === 0 || letters > maxText || !field.current) return;
    write(typed);
    field.current.value = "";
    field.current.focus();
    keep("");
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {/* The wrapper's copy of the text gives the field its height (style/composer.css). */}
      <div class="grow" data-text={`${text}\n`}>
        <textarea
          ref={field}
          id="composer"
          rows={1}
          value={text}
          aria-label={`Message #${room}`}
          aria-describedby={length > warnFrom ? "letters" : undefined}
          aria-invalid={tooLong}
          placeholder={`Message #${room}`}
          enterkeyhint="send"
          dir="auto"
          onInput={(event) => keep(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
      </div>
      <button type="submit" class="primary square" aria-label="Send" title="Send (Enter)" disabled={length === 0 || tooLong}>
        <Icon of="send" />
      </button>
      {length > warnFrom && (
        <p id="letters" class={tooLong ? "wrong" : "hint"}>
          {length.toLocaleString("en")} of {maxText.toLocaleString("en")} characters
          {tooLong && ". Shorten it to send it"}
        </p>
      )}
    </form>
  );
}
