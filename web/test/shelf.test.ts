import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { Outbox } from "../src/client/outbox";
import { Shelf } from "../src/client/shelf";
import type { Keep } from "../src/client/types";
import { changes, keep, settled, world } from "./peer";

/** Locks as a browser has them: asked for, held until a promise is kept, then the next one's. */
class Locks {
  readonly queues = new Map<string, (() => unknown)[]>();

  request(name: string, then: () => unknown): Promise<void> {
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    queue.push(then);
    return queue.length === 1 ? this.serve(name) : Promise.resolve();
  }

  /** asked counts who holds a lock or waits for one. */
  get asked(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  private async serve(name: string): Promise<void> {
    await null;
    await this.queues.get(name)?.[0]?.();
    this.queues.get(name)?.shift();
    if (this.queues.get(name)?.length) await this.serve(name);
  }
}

function browser(locks: Locks | undefined): Keep & { readonly items: Map<string, string> } {
  world();
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
  return keep();
}

function tab(storage: Keep): { readonly shelf: Shelf; readonly has: string[] } {
  const has: string[] = [];
  const shelf: Shelf = new Shelf(storage, "p ", (drafts) => has.push(...drafts.map(({ text }) => text)));
  shelf.open();
  return { shelf, has };
}

function drafts(...texts: string[]): Outbox {
  return texts.map((text) => ({ key: text, room: "lobby", text, replyTo: 0, at: 1, state: "waiting" }));
}

test("what a tab has left goes to one of the others, and not before it is gone", async () => {
  const storage = browser(new Locks());
  const first = tab(storage);
  first.shelf.becomes("ada");
  first.shelf.keep(drafts("one"));
  const others = [tab(storage), tab(storage)];
  await settled();
  deepEqual(others.map(({ has }) => has), [[], []]);
  first.shelf.close();
  await settled();
  deepEqual(others.map(({ has }) => has), [["one"], []]);
  deepEqual([...storage.items.keys()].filter((name) => name.includes("outbox")), []);
});

test("a tab that writes and sends all day is waited for once", async () => {
  const locks = new Locks();
  const storage = browser(locks);
  const writer = tab(storage);
  writer.shelf.keep(drafts("one"));
  const other = tab(storage);
  await settled();
  const { asked } = locks;
  const changed = [...storage.items.keys()].find((name) => name.includes("outbox")) ?? "";
  for (let i = 0; i < 100; i++) changes(changed);
  await settled();
  equal(locks.asked, asked);
  writer.shelf.close();
  await settled();
  deepEqual(other.has, ["one"]);
});

test("another user's drafts wait for that user, even in the tab that they were written in", async () => {
  const storage = browser(new Locks());
  const first = tab(storage);
  first.shelf.becomes("ada");
  first.shelf.keep(drafts("ada's"));
  first.shelf.becomes("grace");
  first.shelf.keep(drafts("grace's"));
  await settled();
  deepEqual(first.has, []);
  first.shelf.becomes("ada");
  await settled();
  deepEqual(first.has, ["ada's"]);
});

test("without locks the next page that is loaded takes over, and a living tab is left alone", async () => {
  const storage = browser(undefined);
  const first = tab(storage);
  first.shelf.becomes("ada");
  const second = tab(storage);
  first.shelf.keep(drafts("one"));
  const changed = [...storage.items.keys()].find((name) => name.includes("outbox")) ?? "";
  changes(changed);
  await settled();
  deepEqual(second.has, []);
  deepEqual(tab(storage).has, ["one"]);
});
