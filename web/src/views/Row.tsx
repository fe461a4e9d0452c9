import { Component } from "preact";
import type { Row as RowOf } from "../state/rows";
import { count, span } from "../state/words";
import { Sending } from "./Sending";
import { Text } from "./Text";
import { Tile } from "./Tile";
import { Time, clockOf, dayOf } from "./Time";

interface Props {
  row: RowOf;
  me: string;
  vouched: boolean;
  again: (key: string) => void;
  discard: (key: string) => void;
}

/** Row is one element of the list. Lines never change, so a row is drawn anew only if its own line or place did. */
export class Row extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return !sameRow(this.props.row, next.row) || this.props.vouched !== next.vouched || this.props.me !== next.me;
  }

  override render({ row, me, vouched, again, discard }: Props) {
    switch (row.is) {
      case "day":
        return <li class="rule">{dayOf(row.at)}</li>;
      case "new":
        return <li class="rule new">New since you were here</li>;
      case "gap":
        return (
          <li class="gap">
            You were away for {span(row.line.at - row.line.since)}, until {clockOf(row.line.at)}. What was said then isn’t shown.
          </li>
        );
      case "notice":
        return (
          <li class="notice">
            <bdi>{row.line.text}</bdi>
          </li>
        );
      case "fold":
        return (
          <li class="notice">
            <details>
              <summary>{count(row.lines.length, "arrival or departure", "arrivals and departures")}</summary>
              {row.lines.map((line) => (
                <p key={line.key}>
                  <bdi>{line.text}</bdi>
                </p>
              ))}
            </details>
          </li>
        );
      case "message":
        return (
          <li class={`message${row.head ? " head" : ""}`} tabIndex={-1} data-walk>
            {row.head && <Tile name={row.line.user} vouched={vouched} />}
            <Author name={row.line.user} head={row.head} />
            <Text text={row.line.text} />
            <Time at={row.line.at} />
          </li>
        );
      case "draft":
        return (
          <li class={`message ${row.draft.state}${row.head ? " head" : ""}`} tabIndex={-1} data-walk>
            {row.head && <Tile name={me} vouched={vouched} />}
            <Author name={me} head={row.head} />
            <Text text={row.draft.text} />
            <Time at={row.draft.at} />
            <Sending draft={row.draft} again={again} discard={discard} />
          </li>
        );
    }
  }
}

/** Every message names its author to a screen reader; the eye reads it once a group. */
function Author({ name, head }: { name: string; head: boolean }) {
  return (
    <span class={head ? "author" : "unseen"}>
      <bdi>{name}</bdi>
      <span class="unseen">: </span>
    </span>
  );
}

function sameRow(a: RowOf, b: RowOf): boolean {
  if (a.is !== b.is) return false;
  switch (a.is) {
    case "message":
      return b.is === "message" && a.line === b.line && a.head === b.head;
    case "draft":
      return b.is === "draft" && a.draft === b.draft && a.head === b.head;
    case "fold":
      return b.is === "fold" && a.lines.length === b.lines.length && a.key === b.key;
    default:
      return a.key === b.key;
  }
}
