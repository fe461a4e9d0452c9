import { count, maxTopic } from "../state/words";
import { Icon } from "./Icon";

interface Props {
  name: string;
  topic: string;
  people: number;
  peopleShown: boolean;
  /** How many others wait elsewhere; shown where the rooms are out of sight. */
  unread: number;
  showRooms: (() => void) | null;
  showPeople: () => void;
  find: () => void;
  topicEdited: boolean;
  editTopic: (edited: boolean) => void;
  setTopic: (text: string) => void;
  copyLink: () => void;
}

/** Header names the room and what it is about, and leads to all that is not on the screen. */
export function Header({ name, topic, people, peopleShown, unread, showRooms, showPeople, find, topicEdited, editTopic, setTopic, copyLink }: Props) {
  return (
    <header>
      {showRooms && (
        <button type="button" class="ghost square" aria-label={unread > 0 ? `Rooms, ${unread} unread` : "Rooms"} onClick={showRooms}>
          <Icon of="rooms" />
          {unread > 0 && <span class="dot" />}
        </button>
      )}
      <div class="titles">
        <h1>
          <span class="hash">#</span>
          <bdi>{name}</bdi>
        </h1>
        <Topic key={name} topic={topic} editing={topicEdited} edit={editTopic} save={setTopic} />
      </div>
      <button type="button" class="ghost square" aria-label="Search" title="Search (Ctrl K)" onClick={find}>
        <Icon of="search" />
      </button>
      <button
        type="button"
        class="ghost square link"
        aria-label="Copy link to this room"
        title="Copy link to this room"
        onClick={copyLink}
      >
        <Icon of="link" />
      </button>
      <button type="button" class="ghost" aria-expanded={peopleShown} title="Who is here" onClick={showPeople}>
        <Icon of="people" />
        <span class="count">{people.toLocaleString("en")}</span>
        <span class="unseen">{count(people, "person", "people").replace(/^\S+/, "")} here</span>
      </button>
    </header>
  );
}

interface TopicProps {
  topic: string;
  editing: boolean;
  edit: (editing: boolean) => void;
  save: (text: string) => void;
}

function Topic({ topic, editing, edit, save }: TopicProps) {
  if (!editing) {
    return (
      <button type="button" class={`topic${topic === "" ? " none" : ""}`} title={topic === "" ? "Say what this room is about" : `${topic} · Change it`} onClick={() => edit(true)}>
        <bdi>{topic || "Add a topic"}</bdi>
      </button>
    );
  }
  return (
    <form
      class="topic-form"
      onSubmit={(event) => {
        event.preventDefault();
        const text = (event.currentTarget.elements.namedItem("topic") as HTMLInputElement).value.trim();
        if (text !== topic) save(text);
        edit(false);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") edit(false);
      }}
    >
      <input ref={(field) => field?.focus()} name="topic" aria-label="Topic" placeholder="What this room is about" defaultValue={topic} maxLength={maxTopic} autocomplete="off" onBlur={() => edit(false)} />
    </form>
  );
}
