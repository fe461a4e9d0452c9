/**
 * isMention says whether a text holds @ and a name, in whatever case, as the server
 * counts it (internal/words): both stand alone, so that @adam is none of ada, and
 * scripts that put no space between words may go on behind a name.
 */
export function isMention(text: string, name: string): boolean {
  if (name === "" || !text.includes("@")) return false; // most texts
  const wanted = `@${asName(name)}`;
  let rest = asName(text);
  for (;;) {
    const at = rest.indexOf(wanted);
    if (at < 0) return false;
    if (!endsInWord.test(rest.slice(0, at)) && !continues(rest.slice(at + wanted.length))) return true;
    rest = rest.slice(at + 1); // a name may hold an @
  }
}

const endsInWord = /[\p{L}\p{N}]\p{M}*$/u;
const growsTogether = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;

function continues(after: string): boolean {
  if (/^[\u200d\u{1f3fb}-\u{1f3ff}\p{M}]/u.test(after)) return true;
  return /^[\p{L}\p{N}]/u.test(after) && !growsTogether.test(after);
}

/** asName puts a text into the form in which names are compared: one case, composed, and without the selectors that some keyboards add to an emoji. */
function asName(text: string): string {
  return text.normalize("NFD").replace(/\p{VS}/gu, "").toUpperCase().toLowerCase().replaceAll("ß", "ss").replaceAll("ς", "σ").normalize("NFC");
}
