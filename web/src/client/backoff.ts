const first = 1000;
const most = 30_000;

/**
 * backoff is how long to wait before attempt n (from 0), with full jitter: when a
 * node goes away its clients must not all come back in the same instant.
 * least is what the server asked for by its close code.
 */
export function backoff(n: number, least = 0, random: () => number = Math.random): number {
  return least + Math.round(random() * Math.min(most, first * 2 ** n));
}
