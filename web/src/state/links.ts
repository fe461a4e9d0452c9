export type Part = { readonly text: string; readonly href?: string };

const address = /https?:\/\/[^\s<>"'`\u0000-\u0020]+/giu;

/**
 * links cuts a text into plain parts and addresses. Only http and https become
 * links; a full stop or a bracket behind an address belongs to the sentence.
 */
export function links(text: string): readonly Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    const href = trim(match[0]);
    if (!URL.canParse(href)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

function trim(found: string): string {
  let end = found.length;
  for (;;) {
    const last = found[end - 1] ?? "";
    const open = { ")": "(", "]": "[", "}": "{" }[last];
    const stray = open !== undefined && times(found.slice(0, end), last) > times(found.slice(0, end), open);
    if (!stray && !/[.,;:!?*_~…]/.test(last)) return found.slice(0, end);
    end--;
  }
}

function times(text: string, letter: string): number {
  return text.split(letter).length - 1;
}
