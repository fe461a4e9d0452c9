import type { Room } from "../state/chat";
import { Tile } from "./Tile";

/** People lists who is here. One name in several windows stands once, with their number. */
export function People({ room, me, vouched }: { room: Room; me: string; vouched: boolean }) {
  const windows = new Map<string, number>();
  for (const user of room.users) windows.set(user, (windows.get(user) ?? 0) + 1);
  const names = [...windows.keys()].sort((a, b) => Number(b === me) - Number(a === me) || a.localeCompare(b));
  const more = room.count - room.users.length;
  return (
    <div class="people">
      <h2 class="label">
        Here now <span class="count">{room.count.toLocaleString("en")}</span>
      </h2>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <Tile name={name} vouched={vouched} small />
            <bdi>{name}</bdi>
            {name === me && <span class="hint">you</span>}
            {(windows.get(name) ?? 1) > 1 && (
              <span class="hint" title={`${windows.get(name)} windows by this name`}>
                ×{windows.get(name)}
              </span>
            )}
          </li>
        ))}
      </ul>
      {more > 0 && <p class="hint">and {more.toLocaleString("en")} more</p>}
      {!vouched && <p class="hint note">Names are free here: nobody checks who takes which.</p>}
    </div>
  );
}
