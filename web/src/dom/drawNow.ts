import { options } from "preact";

/** drawNow draws a change at once, not with the next frame: the keys that are pressed until then belong to what it shows. */
export function drawNow(change: () => void): void {
  const { debounceRendering } = options;
  options.debounceRendering = (draw) => draw();
  change();
  options.debounceRendering = debounceRendering;
}
