import { newKey } from "./key";
import type { Outbox } from "./outbox";
import type { Draft, Keep } from "./types";

/** A tab's unsent drafts, and the id of the user who wrote them; empty for one who was not welcomed yet. */
interface Kept {
  readonly user: string;
  readonly drafts: Outbox;
}

/**
 * Shelf keeps for one server, and beyond a reload or a crash, who one is and what is
 * not sent. Each tab has a place of its own for its drafts, and holds a lock as long as
 * it lives; whoever gets that lock next takes over what the tab has left. So one tab
 * sends them, not each. Without locks (a page without TLS), tabs may send the same
 * draft at once: its key makes that harmless.
 *
 * A browser may refuse storage or have no room left; then memory has to do.
 */
export class Shelf {
  private tab = newKey(Date.now());
  private release: () => void;
  private who: string;
  private readonly watched = new Set<string>(); // tabs whose locks are waited for
  private closed = false;

  /** take is given the drafts that other tabs have left, now and later. */
  constructor(
    private readonly storage: Keep | null,
    private readonly prefix: string,
    private readonly take: (drafts: Outbox) => void,
  ) {
    this.release = hold(this.lock(this.tab));
    this.who = this.get("user") ?? "";
  }

  /** open takes over what is left here. */
  open(): void {
    globalThis.addEventListener?.("storage", this.changed);
    this.adopt();
  }

  /** What proves that one is the guest of last time. */
  get pass(): string | null {
    return this.get("pass");
  }

  set pass(pass: string | null) {
    this.set("pass", pass);
  }

  /** Who one is, as far as one knows; empty for nobody yet. */
  get user(): string {
    return this.who;
  }

  /** becomes says who one turned out to be. The drafts of whom one was wait here for them. */
  becomes(user: string): void {
    const before = this.who;
    if (before === user) return;
    this.who = user;
    this.set("user", user);
    if (before !== "") {
      this.release();
      this.tab = newKey(Date.now());
      this.release = hold(this.lock(this.tab));
    }
    this.adopt();
  }

  /** forget has the next user inherit the drafts of this one, who can't come back. */
  forget(): void {
    this.pass = null;
    this.set("user", null);
    this.who = "";
  }

  keep(drafts: Outbox): void {
    const kept: Kept = { user: this.who, drafts };
    this.set(`outbox.${this.tab}`, drafts.length > 0 ? JSON.stringify(kept) : null);
  }

  /** close leaves the drafts to other tabs, or to the next time. */
  close(): void {
    this.closed = true;
    this.release();
    globalThis.removeEventListener?.("storage", this.changed);
  }

  private adopt(): void {
    for (const place of this.places()) this.watch(place);
  }

  private readonly changed = (event: StorageEvent): void => {
    if (locks()) this.watch(event.key); // another tab, which lives, has something to send
  };

  private watch(place: string | null): void {
    const begin = `${this.prefix}outbox.`;
    if (!place?.startsWith(begin)) return;
    const tab = place.slice(begin.length);
    if (tab === this.tab || this.watched.has(tab)) return;
    this.watched.add(tab);
    whenFree(this.lock(tab), () => this.inherit(tab));
  }

  private inherit(tab: string): void {
    this.watched.delete(tab);
    const kept = parse(this.get(`outbox.${tab}`));
    if (this.closed || kept === null || (kept.user !== this.who && kept.user !== "")) return;
    this.take(kept.drafts); // which keeps them here first: twice is harmless, and never is not
    this.set(`outbox.${tab}`, null);
  }

  private lock(tab: string): string {
    return `${this.prefix}${tab}`;
  }

  private places(): readonly (string | null)[] {
    try {
      const { storage } = this;
      return storage ? Array.from({ length: storage.length }, (_, i) => storage.key(i)) : [];
    } catch {
      return [];
    }
  }

  private get(name: string): string | null {
    try {
      return this.storage?.getItem(this.prefix + name) ?? null;
    } catch {
      return null;
    }
  }

  private set(name: string, value: string | null): void {
    try {
      if (value === null) this.storage?.removeItem(this.prefix + name);
      else this.storage?.setItem(this.prefix + name, value);
    } catch {
      // Full or refused.
    }
  }
}

function locks(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

/** hold holds a lock as long as this page lives, or until what it returns is called. */
function hold(name: string): () => void {
  let release = (): void => {};
  const held = new Promise<void>((done) => (release = done));
  void locks()?.request(name, () => held);
  return release;
}

function whenFree(name: string, then: () => void): void {
  const all = locks();
  if (all) void all.request(name, then);
  else then();
}

function parse(value: string | null): Kept | null {
  try {
    const kept = JSON.parse(value ?? "null") as Partial<Kept> | null;
    if (typeof kept?.user !== "string" || !Array.isArray(kept.drafts)) return null;
    return { user: kept.user, drafts: (kept.drafts as readonly unknown[]).filter(isDraft) };
  } catch {
    return null;
  }
}

function isDraft(value: unknown): value is Draft {
  const draft = value as Partial<Draft> | null;
  return (
    typeof draft?.key === "string" && typeof draft.room === "string" && typeof draft.text === "string" &&
    typeof draft.replyTo === "number" && typeof draft.at === "number" && ["waiting", "held", "sending", "refused"].includes(`${draft.state}`)
  );
}
