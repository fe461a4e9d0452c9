/** What the server says about this page's sign-in, asked apart from the socket. */
export type Whoami =
  | { readonly is: "user"; readonly name: string }
  | { readonly is: "guest" }
  | { readonly is: "unauthenticated" }
  | { readonly is: "forbidden" }
  | { readonly is: "away" };

/**
 * whoami tells whom a token or a cookie names, and why an upgrade was refused: a page
 * cannot see that by itself, since a WebSocket that fails to open says nothing.
 */
export async function whoami(token: string | null): Promise<Whoami> {
  try {
    const answer = await fetch(new URL("api/v1/whoami", document.baseURI), {
      method: "POST",
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status === 401) return { is: "unauthenticated" };
    if (answer.status === 403) return { is: "forbidden" };
    if (!answer.ok) return { is: "away" };
    const name = nameIn(await answer.json());
    return name === "" ? { is: "guest" } : { is: "user", name };
  } catch {
    return { is: "away" };
  }
}

function nameIn(body: unknown): string {
  const user = (body as { user?: { name?: unknown } } | null)?.user;
  return typeof user?.name === "string" ? user.name : "";
}

/** reachable asks whether the server still answers at all. */
export async function reachable(): Promise<boolean> {
  try {
    await fetch(new URL("healthz", document.baseURI), { cache: "no-store", signal: AbortSignal.timeout(5000) });
    return true;
  } catch {
    return false;
  }
}
