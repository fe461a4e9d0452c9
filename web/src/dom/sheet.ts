import { useEffect, useState } from "preact/hooks";

/** What lies over the room. */
export type SheetName = "rooms" | "people" | "search" | "message";

/** openSheet is what lies over the room: a step in the history, so that a phone's back gesture closes it. */
export function openSheet(): SheetName | null {
  const state = history.state as { sheet?: SheetName } | null;
  return state?.sheet ?? null;
}

let leaving = false; // the step back is taken, and has not happened yet

export function useSheet() {
  const [, redraw] = useState({});
  useEffect(() => {
    const tell = () => {
      leaving = false;
      redraw({});
    };
    addEventListener("popstate", tell);
    return () => removeEventListener("popstate", tell);
  }, []);
  return {
    open: openSheet(),
    show: (sheet: SheetName) => {
      history.pushState({ sheet }, "");
      redraw({});
    },
    hide: () => {
      if (openSheet() === null || leaving) return;
      leaving = true;
      history.back();
    },
  };
}

/** closeDialog closes what lies over the room at once, without waiting for the next drawing. */
export function closeDialog(): void {
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
}
