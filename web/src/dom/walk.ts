/**
 * walk moves the focus through the list's messages by the arrow keys; Home and End go
 * to the first and last, Escape calls back.
 */
export function walk(event: KeyboardEvent, back: () => void): void {
  if (event.key === "Escape") return back();
  if (event.altKey) return; // leads to another room
  const list = event.currentTarget as HTMLElement;
  const items = [...list.querySelectorAll<HTMLElement>("[data-walk]")];
  if (items.length === 0) return;
  const here = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowUp: here < 0 ? items.length - 1 : here - 1, ArrowDown: here + 1, Home: 0, End: items.length - 1 }[event.key];
  const item = to === undefined ? undefined : items[to];
  if (!item) return;
  event.preventDefault();
  item.focus();
}
