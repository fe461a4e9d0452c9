const gap = 4;
const narrow = "(max-width: 43.6875rem)";

/** placeBeside puts a dialog under what it belongs to, or over it where there is more room. On a narrow screen style/popup.css places it. */
export function placeBeside(dialog: HTMLElement, owner: DOMRect): void {
  if (matchMedia(narrow).matches) return;
  const { offsetWidth: width, offsetHeight: height } = dialog;
  const under = owner.bottom + gap + height <= innerHeight;
  const top = under ? owner.bottom + gap : Math.max(gap, owner.top - gap - height);
  const left = Math.max(gap, Math.min(owner.right - width, innerWidth - width - gap));
  dialog.style.top = `${top}px`;
  dialog.style.left = `${left}px`;
}
