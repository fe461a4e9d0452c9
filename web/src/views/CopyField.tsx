import { useState } from "preact/hooks";
import { copy } from "../dom/copy";

/** CopyField shows something to take elsewhere, with a button that copies it. */
export function CopyField({ label, text }: { label: string; text: string }) {
  const [done, setDone] = useState(false);
  return (
    <div class="copy">
      <input readOnly value={text} aria-label={label} onFocus={(event) => event.currentTarget.select()} />
      <button type="button" class="plain" onClick={() => void copy(text).then(setDone)}>
        {done ? "Copied" : "Copy"}
        <span class="unseen"> {label.toLowerCase()}</span>
      </button>
    </div>
  );
}
