/** showUnread puts the room, null at the door, and the unread count where a page out of sight is still seen: title and icon. */
export function showUnread(room: string | null, unread: number): void {
  const title = room === null ? "Parley" : `#${room} · Parley`;
  document.title = unread > 0 ? `(${unread}) ${title}` : title;

  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (!icon) return;
  icon.dataset.plain ??= icon.href;
  const href = unread > 0 ? withCount(unread) : icon.dataset.plain;
  if (icon.href !== href) icon.href = href;
}

function withCount(unread: number): string {
  const shown = unread > 99 ? "99+" : String(unread);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">` +
    `<path fill="#1f6f5c" d="M7 3h18a5 5 0 0 1 5 5v11a5 5 0 0 1-5 5H15l-7 6v-6H7a5 5 0 0 1-5-5V8a5 5 0 0 1 5-5z"/>` +
    `<rect x="8" y="10" width="24" height="22" rx="11" fill="#b3261e"/>` +
    `<text x="20" y="27" font-family="system-ui,sans-serif" font-weight="700" font-size="${shown.length > 2 ? 12 : 16}" text-anchor="middle" fill="#fff">${shown}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
