/**
 * Every number that placement may be tuned by, with its reason. A caller of `createReplicaPool` may override any of
 * them; overrides travel in the placement record, so that a replay uses the same ones.
 */
export interface Tuning {
  /** An eligible set of at most this size is looked at whole; of a larger one, this many candidates. */
  wholeMax: number
  sampleSize: number
  /** Of them, how many come from the cheapest replicas that have slack; the rest are drawn uniformly. */
  priceBiased: number
  /** Fewer candidates than this are filled up with replicas that are open but without slack: alternates need them. */
  sampleFill: number
  /** Price-biased draws are made among about this many slack replicas, so that several gateways do not all take one. */
  cheapSet: number
  /** Of an eligible set larger than this, that share of the decisions looks at the sample of the last draw again. */
  recallOver: number
  recallShare: number
  /** Rows that the exact fallback may look at when no candidate of the sample was admissible. */
  scanMax: number
  /** Share of the SLO that a prediction may use before it costs: predictions err, and other gateways place too. */
  headroomTtft: number
  headroomTpot: number
  /**
   * Round trip and own prefill are sure; the wait is not: prompts that others send in the same instant are in no report
   * yet. Where the SLO is at stake it counts this many times, about its 99th percentile over its mean.
   */
  ttftTail: number
  /**
   * An answer of few tokens has too few steps for chunks of others' prefill to average out. Where the SLO is at stake its
   * time per token is this many chunks longer for each 1 of `gapNoise` above what the head-room covers.
   */
  gapNoiseChunks: number
  gapNoiseFree: number
  /** A prediction over the headroom by the whole SLO costs this many times what the request costs on average. */
  sloWeight: number
  /** And, where the renter's value of a second makes it more, this many times that value. */
  sloValueWeight: number
  /**
   * Weight of one other stream on the replica, from which share of the nominal SLO on its TPOT counts, and by how much more
   * each further ms counts, 1/ms. Gentle at first, so that a dear place is taken a little before the cheap ones are full.
   */
  othersWeight: number
  othersHeadroom: number
  othersCurve: number
  /**
   * A request that was sent nowhere yet is let in up to its TPOT SLO less this share where very many streams run, and less
   * half of it where `admitMarginStreams` do: whoever comes last makes all of them slower, and the prediction errs.
   */
  admitMargin: number
  admitMarginStreams: number
  /** TPOT SLO assumed of the streams that run already, ms, and TTFT headroom used for the slack bit, ms. */
  nominalTpotSloMs: number
  nominalTtftSloMs: number
  /** Prompt tokens that an engine prefills in one step beside decoding (Sarathi-Serve, OSDI 2024; vLLM: 2,048). */
  prefillChunkTokens: number
  /** Round trip assumed where none was measured, ms. */
  unknownRttMs: number
  /** Bytes of answer per token, framing included: measured on OpenAI chunks of one token. */
  bytesPerTokenOut: number
  /** Cost of a retry, in average costs of the request and in ms of waiting. */
  retryPriceShare: number
  retryMs: number
  /** Share of decisions that try a random admissible replica, so that estimates never go blind; each pays a dearer price. */
  explorationShare: number
  /** Scores closer to the best than this share of the request's average cost are equal. */
  tieBand: number
  /** Streams that a node queues beyond its cap, as a share of the cap. */
  queueShare: number
  /** A prefix holder keeps its bonus while its load is at most this many times the mean (bounded loads, 2016). */
  prefixLoadFactor: number
  /** State older than this is a second choice, ms. */
  staleAfterMs: number
  /** Observations that a fit remembers, and how many the prior counts for. */
  fitMemory: number
  fitPriorWeight: number
  /** What was seen of a replica to which nothing is sent counts half as much after this time, ms; 0 = it never fades. */
  fitHalfLifeMs: number
  /** How fast the pace of a replica's streams is believed: weight of one look with many tokens, tokens of half that weight. */
  paceWeight: number
  paceTokens: number
  /** Share of the way back to 1 at each report, and how far from 1 a pace must be to count. */
  paceRelax: number
  paceBand: number
  /** Weight of a TTFT above the prediction: most of those waited behind prompts that nobody has reported. */
  ttftAboveWeight: number
  /**
   * How much of the prompt tokens that were known to wait before an attempt counts as prefilled before its first token. What is known at a dispatch is
   * mostly not what is there at the arrival (docs/placement/gateway.md): it helps only where else a queue is taken
   * for a slow machine.
   */
  ttftAheadShare: number
  failureMemory: number
  /** A breaker opens after this many failures in a row, or at this failure rate after as many attempts. */
  breakerFailures: number
  breakerRate: number
  breakerRateObservations: number
  /** First and longest time that a breaker stays open, and how long it waits for its trial, ms. */
  breakerMsMin: number
  breakerMsMax: number
  breakerTrialMs: number
  /** A refusal lowers the cap to this share of the streams seen; slow start begins with this many streams. */
  capDecrease: number
  slowStartStreams: number
  /**
   * Bounds of a time to come back, ms. The longest is no less than `breakerMsMax` and than an answer may take: the gateway
   * ends an attempt after ten minutes. Where no waiting is known to help, the last one is told.
   */
  retryAfterMsMin: number
  retryAfterMsMax: number
  retryAfterMsUnknown: number
}

export const defaultTuning: Readonly<Tuning> = {
  wholeMax: 64,
  sampleSize: 12,
  priceBiased: 6,
  sampleFill: 8,
  cheapSet: 16,
  recallOver: 512,
  recallShare: 0.75,
  scanMax: 256,
  headroomTtft: 0.85,
  headroomTpot: 0.77,
  ttftTail: 3.3,
  gapNoiseChunks: 2,
  gapNoiseFree: 0.15,
  sloWeight: 2.7,
  sloValueWeight: 5,
  othersWeight: 0.01,
  othersHeadroom: 0.74,
  othersCurve: 0.1,
  admitMargin: 0.15,
  admitMarginStreams: 64,
  nominalTpotSloMs: 50,
  nominalTtftSloMs: 500,
  prefillChunkTokens: 1_024,
  unknownRttMs: 50,
  bytesPerTokenOut: 200,
  retryPriceShare: 1,
  retryMs: 1_000,
  explorationShare: 0.0005,
  tieBand: 0.005,
  queueShare: 0.25,
  prefixLoadFactor: 1.25,
  staleAfterMs: 5_000,
  fitMemory: 64,
  fitPriorWeight: 4,
  fitHalfLifeMs: 0,
  paceWeight: 0.5,
  paceTokens: 16,
  paceRelax: 0.03,
  paceBand: 0.25,
  ttftAboveWeight: 0.25,
  ttftAheadShare: 0,
  failureMemory: 32,
  breakerFailures: 5,
  breakerRate: 0.5,
  breakerRateObservations: 16,
  breakerMsMin: 1_000,
  breakerMsMax: 60_000,
  breakerTrialMs: 15_000,
  capDecrease: 0.9,
  slowStartStreams: 4,
  retryAfterMsMin: 100,
  retryAfterMsMax: 600_000,
  retryAfterMsUnknown: 30_000,
}

/**
 * What a gateway sets otherwise, as its nodes are otherwise than the simulator's. An agent refuses what is beyond its
 * concurrency: nothing waits at the node, it waits at the gateway. Offers declare no curve of their hardware, so what is
 * measured must soon outweigh the engine's optimistic default, and one slow answer must not keep a node out for good; and
 * prompts that wait are reported, so a late first token says that the node is slow, as far as they do not explain it. One
 * engine gives answers of very different speed, so a look at a few tokens says little of the machine. `npm run sim -- --policies isochrone,isochrone-gateway-tuning` says what they cost where the
 * simulator's nodes stand (docs/placement/gateway.md).
 */
export const gatewayTuning = {
  queueShare: 0,
  fitPriorWeight: 0.05,
  fitHalfLifeMs: 60_000,
  ttftAboveWeight: 0.5,
  ttftAheadShare: 1,
  paceTokens: 64,
} as const satisfies Partial<Tuning>
