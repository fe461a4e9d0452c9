import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { read, store } from "../dom/storage";
import { cleanText, maxText, points } from "../state/words";
import { Icon } from "./Icon";
import { oneLine } from "./Quote";

/** What the composer is for: a message, an answer to one, or another text for one. */
export type Mode = { readonly is: "new" } | { readonly is: "reply" | "edit"; readonly seq: number; readonly name: string; readonly text: string };

/** toComposer puts the cursor where one writes. */
export function toComposer(): void {
  document.getElementById("composer")?.focus();
}

const warnFrom = maxText - 400;

interface Props {
  room: string;
  mode: Mode;
  setMode: (mode: Mode) => void;
  write: (text: string, replyTo: number) => void;
  edit: (seq: number, text: string) => void;
  typing: () => void;
  /** up goes to the newest message. */
  up: () => void;
}

/** Composer is where one writes. What stands in it is kept for its room until it is sent; an edit is not. */
export function Composer({ room, mode, setMode, write, edit, typing, up }: Props) {
  const place = `parley.draft.${room}`;
  const [draft, setDraft] = useState(() => read("browser", place) ?? "");
  const [edited, setEdited] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const editing = mode.is === "edit";
  const text = editing ? edited : draft;
  const show = (typed: string) => {
    if (field.current) field.current.value = typed; // now: fast hands don't wait for the drawing
  };

  // With the drawing and not after it: what is typed in between would go nowhere, or come here from another field.
  useLayoutEffect(() => {
    // A phone's keyboard would cover the room that one came to read.
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => {
    if (mode.is === "edit") {
      setEdited(mode.text);
      show(mode.text);
    }
  }, [mode]);

  const keep = (typed: string) => {
    setDraft(typed);
    store("browser", place, typed || null);
  };
  const end = () => {
    setMode({ is: "new" });
    if (editing) show(draft);
  };
  const length = points(cleanText(text));
  const tooLong = length > maxText;
  const send = () => {
    // The field itself is asked: text is as old as the last drawing.
    const typed = field.current?.value ?? "";
    const letters = points(cleanText(typed));
    if (letters === 0 || letters > maxText) return;
    field.current?.focus();
    if (mode.is === "edit") {
      if (cleanText(typed) !== mode.text) edit(mode.seq, typed);
      return end();
    }
    write(typed, mode.is === "reply" ? mode.seq : 0);
    show("");
    keep("");
    setMode({ is: "new" });
  };

  return (
    <form
      class={`composer ${mode.is}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {mode.is !== "new" && (
        <p class="about" id="about">
          <Icon of={mode.is} />
          <span>
            {editing ? (
              <b>Editing</b>
            ) : (
              <b>
                Replying to <bdi>{mode.name}</bdi>
              </b>
            )}{" "}
            <bdi>{oneLine(mode.text)}</bdi>
          </span>
          <button type="button" class="ghost square" aria-label={editing ? "Stop editing" : "Don’t reply"} title="Esc" onClick={end}>
            <Icon of="close" />
          </button>
        </p>
      )}
      {/* The wrapper's copy of the text gives the field its height (style/composer.css). */}
      <div class="grow" data-text={`${text}\n`}>
        <textarea
          ref={field}
          id="composer"
          rows={1}
          value={text}
          aria-label={`Message #${room}`}
          aria-describedby={[mode.is !== "new" && "about", length > warnFrom && "letters"].filter(Boolean).join(" ") || undefined}
          aria-invalid={tooLong}
          placeholder={`Message #${room}`}
          enterkeyhint="send"
          dir="auto"
          onInput={(event) => {
            const typed = event.currentTarget.value;
            if (editing) return setEdited(typed);
            keep(typed);
            if (typed !== "") typing();
          }}
          onKeyDown={(event) => {
            if (event.isComposing) return;
            if (event.key === "Escape" && mode.is !== "new") return end();
            if (event.key === "ArrowUp" && !event.altKey && !event.shiftKey && event.currentTarget.value === "") {
              event.preventDefault();
              return up();
            }
            if (event.key !== "Enter" || event.shiftKey) return;
            event.preventDefault();
            send();
          }}
        />
      </div>
      <button type="submit" class="primary square" aria-label={editing ? "Save" : "Send"} title={editing ? "Save (Enter)" : "Send (Enter)"} disabled={length === 0 || tooLong}>
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
