import { useEffect, useState } from "preact/hooks";

/** What lies over the room. */
export type SheetName = "rooms" | "people" | "search" | "message";

// A sheet is a step in the history, so that a phone's back gesture closes it. A
// browser takes a step back in its own time: what is wanted meanwhile waits for it.
let open: SheetName | null = null;
let opening = 0; // how many were shown so far
let leaving = false; // a step back is on its way
let wanted: string | null = null; // the address to go to then
const redraws = new Set<() => void>();

/** watchHistory keeps what lies over the room in step with the history, and tells when the person walked to another address. */
export function watchHistory(walked: () => void): void {
  history.replaceState(null, ""); // nothing is open yet, whatever was before a reload
  addEventListener("popstate", () => {
    if (!leaving) {
      show((history.state as { sheet?: SheetName } | null)?.sheet ?? null);
      return walked();
    }
    leaving = false;
    if (wanted !== null) history.pushState(null, "", wanted);
    if (open !== null) history.pushState({ sheet: open }, "");
    wanted = null;
  });
}

/** stepTo makes an address a new step in the history; what lies over the room closes, and its step becomes this one. */
export function stepTo(address: string): void {
  if (leaving) wanted = address;
  else if (open !== null) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  show(null);
}

/** correctTo changes the address without a step. */
export function correctTo(address: string): void {
  if (!leaving) history.replaceState(history.state, "", address);
}

export function openSheet(): SheetName | null {
  return open;
}

export function showSheet(sheet: SheetName): void {
  if (open === null && !leaving) history.pushState({ sheet }, "");
  show(sheet);
}

export function hideSheet(): void {
  if (open !== null && !leaving) {
    leaving = true;
    history.back();
  }
  show(null);
}

/**
 * useSheet is what lies over the room, and its opening: the key of what is drawn, since
 * who closes a sheet and opens it again before the next drawing means another one.
 */
export function useSheet(): { sheet: SheetName | null; opening: number } {
  const [, redraw] = useState({});
  useEffect(() => {
    const tell = () => redraw({});
    redraws.add(tell);
    return () => void redraws.delete(tell);
  }, []);
  return { sheet: open, opening };
}

/** closeDialog closes what lies over the room at once, without waiting for the next drawing. */
export function closeDialog(): void {
  document.querySelector<HTMLDialogElement>("dialog[open]")?.close();
}

function show(sheet: SheetName | null): void {
  open = sheet;
  if (sheet !== null) opening++;
  for (const redraw of redraws) redraw();
}
