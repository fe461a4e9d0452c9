import { read, store } from "./storage";

const place = "parley.token";

/**
 * takeToken is the token that the page's address hands over (?token= or #token=),
 * or the one of before a reload. It leaves the address at once, so that it stays
 * out of the history, of bookmarks and of links that people copy.
 */
export function takeToken(): string | null {
  const address = new URL(location.href);
  const fragment = /^#token=([^&]*)$/.exec(address.hash);
  const handed = address.searchParams.get("token") ?? fragment?.[1] ?? null;
  if (handed === null) return read("tab", place);

  address.searchParams.delete("token");
  if (fragment) address.hash = "";
  history.replaceState(null, "", address);
  store("tab", place, handed || null);
  return handed || null;
}
