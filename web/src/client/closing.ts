import type { Closed } from "./types";

/** What a close code tells a client to do next (the table of close codes in docs/wire.md). */
export type Closing =
  | { readonly then: "again"; readonly least: number }
  | { readonly then: "stop"; readonly why: Closed };

export function closing(code: number): Closing {
  switch (code) {
    case 1002: // protocol error
    case 1003: // unsupported data
    case 1007: // bad UTF-8
    case 1008: // against the rules
    case 1009: // too big
      return { then: "stop", why: "protocol" };
    case 4401: // token expired or revoked
      return { then: "stop", why: "signed_out" };
    case 4403:
      return { then: "stop", why: "banned" };
    case 4409:
      return { then: "stop", why: "replaced" };
    case 1011: // a fault of the server
    case 1013: // overloaded
      return { then: "again", least: 2000 };
    case 4429: // went on after being limited: the window is a minute long, and slides
      return { then: "again", least: 10_000 };
    default: // 1001, 1006, 4500 and whatever else ended the line
      return { then: "again", least: 0 };
  }
}
