import { read, store } from "../dom/storage";
import { lineLost, type Outbox } from "./outbox";

// Kept for this tab alone: a second tab must not send the same drafts.
const place = "parley.outbox";

/** keepOutbox lets the outbox outlive a reload. */
export function keepOutbox(outbox: Outbox): void {
  store("tab", place, outbox.length > 0 ? JSON.stringify(outbox) : null);
}

/** keptOutbox is the outbox of before the reload; what was with the server then is unsure now. */
export function keptOutbox(): Outbox {
  const kept = read("tab", place);
  // Only keepOutbox writes here, and a tab's storage ends with its page's origin.
  return kept === null ? [] : lineLost(JSON.parse(kept) as Outbox);
}
