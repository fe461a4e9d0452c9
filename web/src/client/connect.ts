// The entry of /parley.js: a client of parley.v1 for any page, in one file without
// dependencies. types.ts says what it offers, docs/javascript.md how to use it.

import { Conversation } from "./chat";
import type { Chat, Options } from "./types";

export { ParleyError } from "./error";
export type * from "./types";

export function connect(options: Options = {}): Chat {
  const base = options.url === undefined ? new URL(".", import.meta.url) : new URL(options.url, globalThis.document?.baseURI);
  base.protocol = base.protocol.replace("ws", "http");
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  base.search = base.hash = "";
  return new Conversation(base, options);
}
