import { readList, store } from "../dom/storage";
import { lineLost, type Outbox } from "./outbox";

// Kept for this tab alone, so that a second one does not send the same drafts. A
// browser's "Duplicate tab" copies even this: who duplicates a tab that has unsent
// drafts sends them from both.
const place = "parley.outbox.1"; // counts up when a draft gets another shape

/** keepOutbox lets the outbox outlive a reload. */
export function keepOutbox(outbox: Outbox): void {
  store("tab", place, outbox.length > 0 ? JSON.stringify(outbox) : null);
}

/** keptOutbox is the outbox of before the reload; what was with the server then is unsure now. */
export function keptOutbox(): Outbox {
  return lineLost(readList("tab", place) as Outbox);
}
