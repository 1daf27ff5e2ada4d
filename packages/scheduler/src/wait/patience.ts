/** How long a request may wait at its gateway for a place: the same for the gateway and the simulated one. */
import type { RoutingPolicy } from '../placement.ts'

/** A burst is served late before never. */
export const PATIENCE_MS = 10_000

/** What is left of it after `waitedMs`, ms; 0 where it may wait no longer. */
export function patienceLeftMs(
  { admission, ttftSloMs }: Pick<RoutingPolicy, 'admission' | 'ttftSloMs'>,
  waitedMs: number,
  patienceMs = PATIENCE_MS,
): number {
  // What must come within a time is not worth waiting longer for.
  const longestMs = admission === 'slack' ? Math.min(patienceMs, ttftSloMs) : patienceMs
  return Math.max(0, longestMs - waitedMs)
}
