import type { User } from "../client/types";
import type { Room } from "../state/room";
import { isGuest } from "../state/tile";
import { Tile } from "./Tile";

/** People lists who is here. A press on a name writes it into the composer. */
export function People({ room, me, mention }: { room: Room; me: User; mention: (name: string) => void }) {
  const users = [...room.people.values()].sort((a, b) => Number(b.id === me.id) - Number(a.id === me.id) || a.name.localeCompare(b.name));
  const more = room.count - users.length;
  return (
    <div class="people">
      <h2 class="label">
        Here now <span class="count">{room.count.toLocaleString("en")}</span>
      </h2>
      <ul>
        {users.map((user) => (
          <li key={user.id}>
            {user.id === me.id ? (
              <span class="person">
                <Tile user={user} small />
                <bdi>{user.name}</bdi>
                <span class="hint">you</span>
              </span>
            ) : (
              <button type="button" class="person" title={`Mention ${user.name}`} onClick={() => mention(user.name)}>
                <Tile user={user} small />
                <bdi>{user.name}</bdi>
              </button>
            )}
          </li>
        ))}
      </ul>
      {more > 0 && <p class="hint">and {more.toLocaleString("en")} more</p>}
      {users.some(isGuest) && <p class="hint note">A dashed edge marks guests: names are free here, and nobody checks who takes which.</p>}
    </div>
  );
}
