import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { placeBeside } from "../dom/beside";

interface Props {
  label: string;
  /** What it opens beside; where there is no width for that, it rises from the foot of the screen. */
  beside: DOMRect;
  close: () => void;
  children: ComponentChildren;
}

/** Popup is a small choice over the room. Escape and a press outside close it, and the focus goes back to where it was. */
export function Popup({ label, beside, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const open = dialog.current;
    open?.showModal();
    if (open) placeBeside(open, beside);
    return () => open?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="popup"
      aria-label={label}
      onCancel={close}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <div class="popup-inside">{children}</div>
    </dialog>
  );
}
