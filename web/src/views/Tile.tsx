import { hueOf, initials } from "../state/tile";

/** Tile stands for a person. Its edge is dashed where nobody vouches for names. */
export function Tile({ name, vouched, small }: { name: string; vouched: boolean; small?: boolean }) {
  return (
    <span class={`tile hue-${hueOf(name)}${vouched ? "" : " free"}${small ? " small" : ""}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
