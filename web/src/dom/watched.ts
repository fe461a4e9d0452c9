/** watchPage tells whether somebody looks at the page: it is in sight, and its window has the focus. */
export function watchPage(tell: (watched: boolean) => void): void {
  const look = () => tell(isWatched());
  document.addEventListener("visibilitychange", look);
  addEventListener("focus", look);
  addEventListener("blur", look);
}

export function isWatched(): boolean {
  return !document.hidden && document.hasFocus();
}
