/** When a hedge is still in time: so long before the SLO that its own first token comes inside it. */

/** What a hedge takes to its first token, ms, and the soonest that one is sent. */
export const hedgeTimes = { ttftMs: 150, msMin: 50 } as const

/** ms from now until a silent attempt gets its hedge; `ttftSloMs` counts from the request's arrival, `elapsedMs` ago. */
export function hedgeBeforeSloMs(
  ttftSloMs: number,
  elapsedMs: number,
  { ttftMs, msMin }: { ttftMs: number; msMin: number } = hedgeTimes,
): number {
  return Math.max(msMin, ttftSloMs - elapsedMs - ttftMs)
}
