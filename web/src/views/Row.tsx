import { Component } from "preact";
import type { User } from "../client/types";
import type { Change } from "../state/chat";
import type { Marks } from "../state/marks";
import { isMention } from "../state/mentions";
import type { Row as RowOf } from "../state/rows";
import { seen } from "../state/seen";
import { count } from "../state/words";
import { Chips } from "./Chips";
import { Quote, type Answered } from "./Quote";
import { Sending } from "./Sending";
import { Text } from "./Text";
import { Tile } from "./Tile";
import { Time, dayOf, fullTime } from "./Time";
import { Tools } from "./Tools";
import type { MessageActs } from "./messageActs";

export interface RowProps {
  readonly row: RowOf;
  readonly me: User;
  /** What became of the row's message, and of the one that it answers. */
  readonly marks: Marks;
  readonly answered: Answered;
  readonly answeredMarks: Marks;
  /** What one has asked to change in it. */
  readonly changes: readonly Change[];
  /** Whether one was just led to it. */
  readonly found: boolean;
  /** Whether a choice about it is open. */
  readonly chosen: boolean;
  readonly acts: MessageActs;
}

/** Row is one element of the list. It is drawn anew only if something of its own changed. */
export class Row extends Component<RowProps, { over: boolean }> {
  override state = { over: false };

  // Of drafts, too: one may be pointed at when it becomes a message.
  private readonly pointed = {
    onMouseEnter: () => this.setState({ over: true }),
    onMouseLeave: () => this.setState({ over: false }),
    onFocusIn: () => this.setState({ over: true }),
    onFocusOut: () => this.setState({ over: false }),
  };

  override shouldComponentUpdate(next: RowProps, state: { over: boolean }): boolean {
    const { props } = this;
    return (
      !sameRow(props.row, next.row) ||
      props.me !== next.me ||
      props.marks !== next.marks ||
      props.answered !== next.answered ||
      props.answeredMarks !== next.answeredMarks ||
      props.found !== next.found ||
      props.chosen !== next.chosen ||
      state.over !== this.state.over ||
      !sameList(props.changes, next.changes)
    );
  }

  override render({ row, me }: RowProps) {
    switch (row.is) {
      case "day":
        return (
          <li class="rule" data-key={row.key}>
            {dayOf(row.at)}
          </li>
        );
      case "new":
        return (
          <li class="rule new" data-key={row.key}>
            New since you were here
          </li>
        );
      case "topic":
        return (
          <li class="notice" data-key={row.key} title={fullTime(row.line.at)}>
            <Topic row={row.line} />
          </li>
        );
      case "fold":
        return (
          <li class="notice" data-key={row.key}>
            <details>
              <summary>{count(row.lines.length, "change of the topic", "changes of the topic")}</summary>
              {row.lines.map((line) => (
                <p key={line.seq}>
                  <Topic row={line} />
                </p>
              ))}
            </details>
          </li>
        );
      case "message":
        return this.message(row);
      case "draft":
        return (
          <li class={`message ${row.draft.state}${row.head ? " head" : ""}`} tabIndex={-1} data-walk data-key={row.key} {...this.pointed}>
            {row.head ? <Tile user={me} /> : <Time at={row.draft.at} short />}
            <div class="said">
              <Author name={me.name} head={row.head} at={row.draft.at} />
              {this.quote(row.draft.replyTo)}
              <Text text={row.draft.text} />
              <Sending draft={row.draft} retry={this.props.acts.retry} discard={this.props.acts.discard} />
            </div>
          </li>
        );
    }
  }

  private message({ line, head, key }: Extract<RowOf, { is: "message" }>) {
    const { me, marks, changes, found, chosen, acts } = this.props;
    const { text, edited, chips, pending } = seen(line, marks, changes, me);
    const mine = line.user.id === me.id;
    const named = text !== null && !mine && isMention(text, me.name);
    return (
      <li
        class={`message${head ? " head" : ""}${pending ? " pending" : ""}${named ? " named" : ""}${found ? " found" : ""}${chosen ? " chosen" : ""}`}
        tabIndex={-1}
        data-walk
        data-key={key}
        data-seq={line.seq}
        {...this.pointed}
      >
        {head ? <Tile user={line.user} /> : <Time at={line.at} short />}
        <div class="said">
          <Author name={line.user.name} head={head} at={line.at} />
          {this.quote(line.replyTo)}
          {text === null ? <p class="text gone">Message deleted</p> : <Text text={text} edited={edited} />}
          <Chips chips={chips} me={me.id} toggle={(emoji, on) => acts.react(line.seq, emoji, on)} />
        </div>
        {(this.state.over || chosen) && text !== null && <Tools seq={line.seq} mine={mine} acts={acts} />}
      </li>
    );
  }

  private quote(seq: number) {
    const { answered, answeredMarks, acts } = this.props;
    return seq > 0 && <Quote seq={seq} message={answered} marks={answeredMarks} ask={acts.quoted} jump={acts.jump} />;
  }
}

/** Every message names its author to a screen reader; the eye reads it once a group. */
function Author({ name, head, at }: { name: string; head: boolean; at: number }) {
  return head ? (
    <p class="byline">
      <span class="author">
        <bdi>{name}</bdi>
        <span class="unseen">: </span>
      </span>
      <Time at={at} />
    </p>
  ) : (
    <span class="unseen">
      <bdi>{name}</bdi>:{" "}
    </span>
  );
}

function Topic({ row }: { row: { readonly user: User; readonly text: string } }) {
  return row.text === "" ? (
    <>
      <bdi>{row.user.name}</bdi> took the topic away
    </>
  ) : (
    <>
      <bdi>{row.user.name}</bdi> set the topic: <bdi>{row.text}</bdi>
    </>
  );
}

function sameRow(a: RowOf, b: RowOf): boolean {
  if (a.is !== b.is || a.key !== b.key) return false;
  switch (a.is) {
    case "message":
      return b.is === "message" && a.line === b.line && a.head === b.head;
    case "draft":
      return b.is === "draft" && a.draft === b.draft && a.head === b.head;
    case "fold":
      return b.is === "fold" && a.lines.length === b.lines.length;
    default:
      return true;
  }
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
