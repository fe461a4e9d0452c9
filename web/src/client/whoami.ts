import type { Code } from "./types";

/**
 * whoami tells why an upgrade was refused, which a page cannot see: null for a server
 * that would let it in, "offline" for one that does not answer at all.
 */
export async function whoami(base: URL, credential: string | null): Promise<Code | null> {
  try {
    const answer = await fetch(new URL("api/v1/whoami", base), {
      method: "POST",
      headers: credential === null ? {} : { Authorization: `Bearer ${credential}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.ok) return null;
    const refusal = (await answer.json()) as { readonly code?: unknown } | null;
    return typeof refusal?.code === "string" ? refusal.code : "unavailable";
  } catch {
    return "offline";
  }
}
