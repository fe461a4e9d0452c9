import type { Chip } from "../state/marks";

const named = 12;

interface Props {
  chips: readonly Chip[];
  me: string;
  toggle: (emoji: string, on: boolean) => void;
}

/** Chips are the reactions to a message: each emoji with its count, and who in the title. */
export function Chips({ chips, me, toggle }: Props) {
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label="Reactions">
      {chips.map(({ emoji, users, mine }) => {
        const who = whoOf(users, me);
        return (
          <li key={emoji}>
            <button type="button" class="chip" aria-pressed={mine} title={`${who} reacted with ${emoji}`} onClick={() => toggle(emoji, !mine)}>
              <span aria-hidden="true">{emoji}</span>
              <span class="count" aria-hidden="true">{users.length}</span>
              <span class="unseen">{`${emoji}, ${who}`}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function whoOf(users: Chip["users"], me: string): string {
  const names = users.map((user) => (user.id === me ? "You" : user.name)).sort((a, b) => Number(b === "You") - Number(a === "You"));
  const shown = names.length > named ? [...names.slice(0, named), `${names.length - named} more`] : names;
  const last = shown.pop() ?? "";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}
