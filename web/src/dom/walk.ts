/** walked moves the focus through the list's messages by the arrow keys; Home and End go to the first and last. It says whether it did. */
export function walked(event: KeyboardEvent, list: HTMLElement): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const items = [...list.querySelectorAll<HTMLElement>("[data-walk]")];
  const here = items.indexOf((document.activeElement?.closest("[data-walk]") ?? list) as HTMLElement);
  const to = { ArrowUp: here < 0 ? items.length - 1 : here - 1, ArrowDown: here + 1, Home: 0, End: items.length - 1 }[event.key];
  const item = to === undefined ? undefined : items[to];
  if (!item) return false;
  event.preventDefault();
  item.focus();
  return true;
}

/** toLast takes the focus to the list's last message. */
export function toLast(list: Element | null): boolean {
  const items = list?.querySelectorAll<HTMLElement>("[data-walk]") ?? [];
  const last = items[items.length - 1];
  last?.focus();
  return last !== undefined;
}
