/** insert puts text where the cursor stands in a field, as if it were typed. */
export function insert(field: HTMLTextAreaElement, text: string): void {
  const { selectionStart, selectionEnd, value } = field;
  const gap = selectionStart > 0 && !/\s/.test(value[selectionStart - 1] ?? " ") ? " " : "";
  field.focus();
  field.setRangeText(gap + text, selectionStart, selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
