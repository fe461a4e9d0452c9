import { useEffect, useState } from "preact/hooks";

export type SheetName = "rooms" | "people";

/** openSheet is the sheet that lies over the room: a step in the history, so that a phone's back gesture closes it. */
export function openSheet(): SheetName | null {
  const state = history.state as { sheet?: SheetName } | null;
  return state?.sheet ?? null;
}

export function useSheet() {
  const [, redraw] = useState({});
  useEffect(() => {
    const tell = () => redraw({});
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
      if (openSheet() !== null) history.back(); // popstate tells when it has happened
    },
  };
}

/** closeDialog closes what lies over the room at once, without waiting for the next drawing. */
export function closeDialog(): void {
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
}
