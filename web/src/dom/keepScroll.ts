import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const near = 48; // px from the end that still count as being there
const early = 1.5; // screens from an edge at which more is asked for

/** What the list holds, beside its rows, that scrolling depends on. */
export interface Extent {
  /** Whether the list ends with the newest line. */
  readonly ends: boolean;
  /** Call for lines before the first or after the last; they may be called often. */
  readonly older: (() => void) | null;
  readonly newer: (() => void) | null;
}

export interface Scroll {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly scrolled: () => void;
  /** Whether the reader is at the newest line. */
  readonly atEnd: boolean;
  readonly toEnd: () => void;
  /** Shows the row of that key in the middle, once it is there. */
  readonly toRow: (key: string) => void;
}

/**
 * useKeepScroll follows the end of a list while its reader is there, and keeps what
 * they read in its place when lines come, go or grow elsewhere in the list. The list
 * is the box's <ol>; its rows carry data-key. startAt is the row to begin with; null
 * for the end.
 */
export function useKeepScroll(extent: Extent, startAt: string | null): Scroll {
  const box = useRef<HTMLDivElement | null>(null);
  const follows = useRef(startAt === null);
  const anchor = useRef<{ readonly key: string; readonly top: number } | null>(null);
  const wanted = useRef(startAt);
  const latest = useRef(extent);
  latest.current = extent;
  const [atEnd, setAtEnd] = useState(startAt === null);

  const settle = () => {
    const list = box.current;
    if (!list) return;
    const row = wanted.current === null ? null : rowOf(list, wanted.current);
    if (row) {
      wanted.current = null;
      follows.current = false;
      list.scrollTop = row.offsetTop - Math.max(0, (list.clientHeight - row.offsetHeight) / 3);
    } else if (follows.current) {
      list.scrollTop = list.scrollHeight;
    } else if (anchor.current) {
      const kept = rowOf(list, anchor.current.key);
      if (kept) list.scrollTop += kept.offsetTop - list.scrollTop - anchor.current.top;
    }
    look(list);
  };

  /** look notes where the reader is, and asks for more before they come to an edge. */
  const look = (list: HTMLElement) => {
    const { scrollHeight, scrollTop, clientHeight } = list;
    const below = scrollHeight - scrollTop - clientHeight;
    const { ends, older, newer } = latest.current;
    follows.current = ends && below < near;
    const first = firstVisible(list);
    anchor.current = first && { key: first.dataset.key ?? "", top: first.offsetTop - scrollTop };
    setAtEnd(follows.current);
    if (older && scrollTop < clientHeight * early) older();
    if (newer && below < clientHeight * early) newer();
  };

  useLayoutEffect(settle);
  useEffect(() => {
    // The list also changes its height without new lines: a phone's keyboard, a growing composer, a turned screen.
    const watch = new ResizeObserver(settle);
    const list = box.current;
    if (list) watch.observe(list);
    if (list?.lastElementChild) watch.observe(list.lastElementChild);
    return () => watch.disconnect();
  }, []);

  return {
    box,
    atEnd,
    scrolled: () => box.current && look(box.current),
    toEnd: () => {
      follows.current = true;
      wanted.current = null;
      settle();
    },
    toRow: (key) => {
      wanted.current = key;
      settle();
    },
  };
}

function rowOf(list: HTMLElement, key: string): HTMLElement | null {
  return list.querySelector<HTMLElement>(`ol > [data-key="${CSS.escape(key)}"]`);
}

/** firstVisible is the first row that ends below the top edge: rows stand one under the other, so half of them are passed over at a time. */
function firstVisible(list: HTMLElement): HTMLElement | null {
  const rows = list.querySelector("ol")?.children ?? [];
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as HTMLElement;
    if (row.offsetTop + row.offsetHeight <= list.scrollTop) low = middle + 1;
    else high = middle;
  }
  return (rows[low] as HTMLElement | undefined) ?? null;
}
