import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./Icon";

interface Props {
  side: "left" | "right";
  label: string;
  close: () => void;
  children: ComponentChildren;
}

/** Sheet slides a pane over the room from one side. Escape, a touch outside and the way back close it. */
export function Sheet({ side, label, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const open = dialog.current;
    open?.showModal();
    return () => open?.close(); // gives the focus back to where it was
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`sheet ${side}`}
      aria-label={label}
      onCancel={close}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <div class="sheet-inside">
        <button type="button" class="ghost square sheet-close" aria-label={`Close ${label.toLowerCase()}`} onClick={close}>
          <Icon of="close" />
        </button>
        {children}
      </div>
    </dialog>
  );
}
