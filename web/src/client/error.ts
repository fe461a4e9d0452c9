import type { Code } from "./types";

/** ParleyError is a refusal: the server's, or this client's where it could not ask. */
export class ParleyError extends Error {
  constructor(
    readonly code: Code,
    readonly text = "",
    readonly retryMs = 0,
  ) {
    super(text === "" ? code : `${code}: ${text}`);
    this.name = "ParleyError";
  }
}
