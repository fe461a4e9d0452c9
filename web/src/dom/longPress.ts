const held = 450; // ms
const slip = 10; // px that a finger may move meanwhile

/** longPress calls pressed when a finger rests on a part of list that matches. */
export function longPress(list: HTMLElement, match: string, pressed: (part: HTMLElement) => void): () => void {
  let timer: number | undefined;
  let done = false; // with the finger that is down
  let from = { x: 0, y: 0 };
  const end = () => clearTimeout(timer);
  /** lifted: what has opened under the finger is not pressed by it. */
  const lifted = (event: TouchEvent) => {
    if (done) event.preventDefault();
    done = false;
  };
  const listeners: { [type: string]: (event: PointerEvent) => void } = {
    pointerdown: (event) => {
      end();
      const part = (event.target as Element).closest<HTMLElement>(match);
      if (event.pointerType !== "touch" || !event.isPrimary || !part) return;
      from = event;
      done = false;
      timer = setTimeout(() => {
        done = true;
        pressed(part);
      }, held);
    },
    pointermove: (event) => {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > slip) end();
    },
    pointerup: end,
    pointercancel: end, // the list scrolls
    contextmenu: (event) => {
      if (event.pointerType === "touch") event.preventDefault(); // the browser's own long press
    },
  };
  for (const [type, listener] of Object.entries(listeners)) list.addEventListener(type, listener as EventListener);
  list.addEventListener("touchend", lifted, { passive: false });
  return () => {
    end();
    for (const [type, listener] of Object.entries(listeners)) list.removeEventListener(type, listener as EventListener);
    list.removeEventListener("touchend", lifted);
  };
}
