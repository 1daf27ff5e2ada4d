/**
 * When a node speaks up about prompts that wait for prefill, the same for the agent and for the simulator's nodes.
 *
 * A gateway hears of a node once a second; what other gateways have sent there meanwhile it cannot know. Two things help: a
 * long prompt is news that each gateway gets at once, and an attempt that was placed by older news says how much may wait
 * before it, so that the node can decline it while there is time to go elsewhere.
 */

/**
 * A prompt of so many tokens is told to all gateways when it comes: about a quarter to half a second of prefill on the engines of
 * packages/perf-model, which lets two or three come in the second between two heartbeats. Half as much makes a third more
 * frames and costs up to 1 % more money for the same SLO attainment (docs/placement/markets.md, "Long prompts").
 */
export const PROMPT_NOTICE_TOKENS = 8_000

/** Nodes that may decline one request; the next one takes it as any other. */
export const DECLINES_MAX = 2

export const isPromptNews = (promptTokens: number): boolean => promptTokens >= PROMPT_NOTICE_TOKENS

/** The bound that an attempt is given, of a request that so many nodes have declined; undefined = any number may wait before it. */
export const boundAfter = (
  declines: number,
  prefillAheadMax: number | null | undefined,
  declinesMax = DECLINES_MAX,
): number | undefined => (declines < declinesMax ? (prefillAheadMax ?? undefined) : undefined)

/** Whether a node declines an attempt before which at most `aheadMax` prompt tokens may wait; undefined = any number. */
export const declinesPrompt = (waitingTokens: number, aheadMax: number | undefined): boolean =>
  aheadMax !== undefined && waitingTokens > aheadMax
