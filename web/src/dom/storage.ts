// A browser may refuse storage (private windows, blocked cookies); the page then
// works without memory.

type Scope = "tab" | "browser";

function area(scope: Scope): Storage {
  return scope === "tab" ? sessionStorage : localStorage;
}

export function read(scope: Scope, place: string): string | null {
  try {
    return area(scope).getItem(place);
  } catch {
    return null;
  }
}

/** store keeps value, or forgets the place when it is null. */
export function store(scope: Scope, place: string, value: string | null): void {
  try {
    if (value === null) area(scope).removeItem(place);
    else area(scope).setItem(place, value);
  } catch {
    // Full or refused: the page goes on without.
  }
}

/** readList reads what was kept as a JSON list; whatever else stands there counts as empty. */
export function readList(scope: Scope, place: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(read(scope, place) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
