import { useState } from "preact/hooks";
import { links } from "../state/links";
import { fullTime } from "./Time";

const longLetters = 1600;
const longLines = 24;
const emojiAlone = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\ufe0f\u200d]*\s*){1,3}$/u;

interface Props {
  text: string;
  /** When it was last changed; 0 for never. */
  edited?: number;
}

/** Text is what somebody wrote: plain text and links, made as elements and never as HTML. */
export function Text({ text, edited = 0 }: Props) {
  const long = text.length > longLetters || text.split("\n").length > longLines;
  const [whole, setWhole] = useState(false);
  return (
    <>
      <p class={`text${long && !whole ? " cut" : ""}${emojiAlone.test(text) ? " large" : ""}`} dir="auto">
        {links(text).map((part) =>
          part.href === undefined ? (
            part.text
          ) : (
            <a href={part.href} target="_blank" rel="noopener noreferrer">
              {part.text}
            </a>
          ),
        )}
        {edited > 0 && (
          <>
            {" "}
            <span class="edited" title={`Edited: ${fullTime(edited)}`}>
              edited
            </span>
          </>
        )}
      </p>
      {long && (
        <button type="button" class="quiet more" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "Show less" : "Show all of it"}
        </button>
      )}
    </>
  );
}
