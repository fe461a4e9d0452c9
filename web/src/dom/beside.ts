const gap = 4;
const narrow = "(max-width: 43.6875rem)";

/** placeBeside puts a dialog under what it belongs to, or over it where there is more room. On a narrow screen style/popup.css places it. */
export function placeBeside(dialog: HTMLElement, owner: Element): void {
  if (matchMedia(narrow).matches) return;
  const at = owner.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = dialog;
  const under = at.bottom + gap + height <= innerHeight;
  const top = under ? at.bottom + gap : Math.max(gap, at.top - gap - height);
  const left = Math.max(gap, Math.min(at.right - width, innerWidth - width - gap));
  dialog.style.top = `${top}px`;
  dialog.style.left = `${left}px`;
}
