import type { User } from "../client/types";
import { hueOf, initials, isGuest } from "../state/tile";

/** Tile stands for a person. A guest's edge is dashed: names are free, so it must never look like a member's. */
export function Tile({ user, small }: { user: User; small?: boolean }) {
  return (
    <span class={`tile hue-${hueOf(user.id)}${isGuest(user) ? " free" : ""}${small ? " small" : ""}`} aria-hidden="true">
      {initials(user.name)}
    </span>
  );
}
