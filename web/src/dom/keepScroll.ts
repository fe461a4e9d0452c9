import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const near = 48; // px from the end that still count as being there

export interface Scroll {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly scrolled: () => void;
  /** The newest line when the reader went up; null while they are at the end. */
  readonly leftAt: string | null;
  readonly toEnd: () => void;
}

/**
 * useKeepScroll follows the end of a list while its reader is there, and never moves
 * the list under a reader who is elsewhere. newest is the key of the last line.
 */
export function useKeepScroll(newest: string | null): Scroll {
  const box = useRef<HTMLDivElement | null>(null);
  const follows = useRef(true);
  const [leftAt, setLeftAt] = useState<string | null>(null);

  const end = () => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  useLayoutEffect(end);
  useEffect(() => {
    // The list also changes its height without new lines: a phone's keyboard, a growing composer, a turned screen.
    const watch = new ResizeObserver(end);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);

  return {
    box,
    leftAt,
    scrolled: () => {
      const { scrollHeight, scrollTop, clientHeight } = box.current as HTMLDivElement;
      follows.current = scrollHeight - scrollTop - clientHeight < near;
      setLeftAt((left) => (follows.current ? null : (left ?? newest)));
    },
    toEnd: () => {
      follows.current = true;
      setLeftAt(null);
      end();
    },
  };
}
