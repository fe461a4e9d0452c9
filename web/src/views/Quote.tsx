import { useEffect } from "preact/hooks";
import type { Message } from "../state/lines";
import { textOf } from "../state/room";
import type { Marks } from "../state/marks";
import { Icon } from "./Icon";

/** Answered is a message that another one answers: undefined where the page has yet to ask for it, null where it is no longer kept. */
export type Answered = Message | null | undefined;

interface Props {
  seq: number;
  message: Answered;
  marks: Marks;
  ask: (seq: number) => void;
  jump: (seq: number) => void;
}

/** Quote is the line above a message that answers another. It leads there. */
export function Quote({ seq, message, marks, ask, jump }: Props) {
  useEffect(() => {
    if (message === undefined) ask(seq);
  }, [seq, message === undefined]);
  if (!message) {
    return (
      <p class="quote">
        <Icon of="reply" />
        <span>{message === null ? "An earlier message that is no longer kept" : "…"}</span>
      </p>
    );
  }
  const text = textOf(message, marks);
  return (
    <button type="button" class="quote" aria-label={`In answer to ${message.user.name}: ${text ?? "Message deleted"}`} onClick={() => jump(seq)}>
      <Icon of="reply" />
      <span>
        <b>
          <bdi>{message.user.name}</bdi>
        </b>{" "}
        {text === null ? <i>Message deleted</i> : <bdi>{oneLine(text)}</bdi>}
      </span>
    </button>
  );
}

/** oneLine is a text in short: no more of it than a line could hold. */
export function oneLine(text: string): string {
  return text.slice(0, 200).replace(/\s+/g, " ");
}
