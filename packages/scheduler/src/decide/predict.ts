/**
 * What a replica would do with one request more: TTFT̂ = RTT + base + wait for a place + prefill of what waits and of
 * this prompt, each chunk beside a decode step; TPOT̂ = a + b·c + g·c·ctx with this request among the c.
 * Then the admissibility of each sampled row. Nothing here depends on the other rows.
 */
import * as col from '../pool/columns.ts'
import { contextNeeded, rejectionReasons, type PlacementRequest, type RejectionReason } from '../placement.ts'
import type { Tuning } from './constants.ts'
import type { DecisionScratch } from './scratch.ts'

const codes = new Map(rejectionReasons.map((reason, i) => [reason, i + 1]))
/** Code of a reason in `scratch.reason`. */
export const codeOf = (reason: RejectionReason): number => codes.get(reason) ?? 0
export const reasonOf = (code: number): RejectionReason | null => rejectionReasons[code - 1] ?? null

const CONTEXT_TOO_LONG = codeOf('context_too_long')
const OVER_PRICE_CAP = codeOf('over_price_cap')
const DRAINING = codeOf('draining')
const BREAKER_OPEN = codeOf('breaker_open')
const FULL = codeOf('full')
const NO_SLACK = codeOf('no_slack')
export const STALE_REASON = codeOf('stale')

/**
 * Share of its TPOT SLO up to which a request is let in beside so many streams. Where the whole fleet is full each place would be
 * filled to the SLO itself, and half of those that run there be late. Who was sent somewhere before has lost time, and comes alone.
 */
export function admitShare(
  { excludeNodeIds }: Pick<PlacementRequest, 'excludeNodeIds'>,
  streams: number,
  t: Tuning,
): number {
  if (excludeNodeIds.length > 0) return 1
  return 1 - (t.admitMargin * streams) / (streams + t.admitMarginStreams)
}

/** Predicts rows [from, n), prices them, and gives each a reason unless it has one already. */
export function predict(s: DecisionScratch, from: number, request: PlacementRequest, nowMs: number, t: Tuning): void {
  const { source: rows, base, ttftMs, ttftTailMs, tpotMs, tpotTailMs, tokensUsd, bytesUsd, failing, cached, n } = s
  const { reason, active: streams } = s
  const { tokensIn, bytesIn, policy } = request
  const { unknownRttMs, ttftTail } = t
  const { ttftSloMs, tpotSloMs, maxPrice } = policy
  const perChunk = 1 / t.prefillChunkTokens
  const capped = maxPrice.inPerMtok !== null || maxPrice.outPerMtok !== null || maxPrice.requestMicroUsd !== null
  const queueFactor = 1 + t.queueShare
  const tokensOut = Math.max(1, request.tokensOutExpected)
  const bytesOut = tokensOut * t.bytesPerTokenOut
  const ownContext = tokensIn + tokensOut / 2
  const needed = contextNeeded(request)
  const bySlack = policy.admission === 'slack'
  // In tokens of others' prompts that its few steps are thought to carry above the mean.
  const { gapNoise = 0 } = request
  const noise = gapNoise > t.gapNoiseFree ? Math.min(1, gapNoise) - t.gapNoiseFree : 0
  const noiseTokens = noise * t.gapNoiseChunks * t.prefillChunkTokens
  for (let i = from; i < n; i++) {
    const r = base[i] as number
    const active = rows[r + col.ACTIVE] as number
    const cap = rows[r + col.STREAMS_MAX] as number
    const a = rows[r + col.TPOT_A] as number
    const b = rows[r + col.TPOT_B] as number
    const g = rows[r + col.TPOT_G] as number
    const others = active < cap ? active : cap
    const context = (rows[r + col.CONTEXT] as number) || ownContext
    const running = active + 1 < cap ? active + 1 : cap
    const tpot = a + b * running + g * (context * (running - 1) + ownContext)
    // The step of those that decode already: a chunk of prefill shares a step with it, and the first waits half a one.
    const step = others > 0 ? a + (b + g * context) * others : 0
    const hit = cached[i] as number
    const uncached = tokensIn - hit
    const work = (rows[r + col.PREFILL_TOKENS] as number) + uncached
    const rtt = rows[r + col.RTT] as number
    const wayMs = rtt >= 0 ? rtt : unknownRttMs
    const prefillMs = rows[r + col.PREFILL_MS] as number
    let ttft = wayMs + (rows[r + col.BASE] as number)
    ttft += work * prefillMs + (1 + work * perChunk) * step
    if (active + 1 > cap) ttft += ((active + 1 - cap) * tpot * tokensOut) / cap
    ttftMs[i] = ttft
    const sure = wayMs + uncached * prefillMs
    ttftTailMs[i] = sure + ttftTail * (ttft - sure)
    tpotMs[i] = tpot
    tpotTailMs[i] = tpot + noiseTokens * prefillMs
    streams[i] = active
    failing[i] = rows[r + col.FAILURE_RATE] as number
    const fromCache = hit > 0 ? hit * (rows[r + col.P_CACHED] as number) : 0
    tokensUsd[i] =
      (uncached * (rows[r + col.P_IN] as number) + fromCache + tokensOut * (rows[r + col.P_OUT] as number)) * 1e-6
    bytesUsd[i] = (bytesIn * (rows[r + col.P_IN_GB] as number) + bytesOut * (rows[r + col.P_OUT_GB] as number)) * 1e-9
    if (reason[i] !== 0) continue
    if (needed > (rows[r + col.CONTEXT_MAX] as number)) reason[i] = CONTEXT_TOO_LONG
    else if (capped && overPriceCap(rows, r, request, t, s.clean[i] === 1)) reason[i] = OVER_PRICE_CAP
    else if (s.clean[i] !== 1 && (reason[i] = unavailable(s, i, nowMs)) !== 0) continue
    else if (active >= cap * queueFactor) reason[i] = FULL
    else if (bySlack && (ttft > ttftSloMs || tpot > admitShare(request, others, t) * tpotSloMs)) reason[i] = NO_SLACK
    else if (s.clean[i] !== 1 && isStale(s, i, nowMs, t)) reason[i] = STALE_REASON
  }
}

function unavailable(s: DecisionScratch, i: number, nowMs: number): number {
  const r = s.base[i] as number
  if (s.source[r + col.DRAINING] !== 0) return DRAINING
  return (s.source[r + col.BREAKER_UNTIL] as number) > nowMs ? BREAKER_OPEN : 0
}

function isStale(s: DecisionScratch, i: number, nowMs: number, t: Tuning): boolean {
  const state = s.source[(s.base[i] as number) + col.STATE] as number
  return (s.ages ? state : nowMs - state) > t.staleAfterMs
}

/**
 * Whether `predict` would find no slack on a row with nothing cached: for a scan of many, of which few have any. The
 * token times alone decide most of them.
 */
export function lacksSlack(rows: Float64Array, r: number, request: PlacementRequest, t: Tuning): boolean {
  const { policy, tokensIn } = request
  const active = rows[r + col.ACTIVE] as number
  const cap = rows[r + col.STREAMS_MAX] as number
  const a = rows[r + col.TPOT_A] as number
  const b = rows[r + col.TPOT_B] as number
  const g = rows[r + col.TPOT_G] as number
  const tokensOut = Math.max(1, request.tokensOutExpected)
  const ownContext = tokensIn + tokensOut / 2
  const context = (rows[r + col.CONTEXT] as number) || ownContext
  const running = active + 1 < cap ? active + 1 : cap
  const tpot = a + b * running + g * (context * (running - 1) + ownContext)
  const others = active < cap ? active : cap
  if (tpot > admitShare(request, others, t) * policy.tpotSloMs) return true
  const step = others > 0 ? a + (b + g * context) * others : 0
  const work = (rows[r + col.PREFILL_TOKENS] as number) + tokensIn
  const rtt = rows[r + col.RTT] as number
  let ttft = (rtt >= 0 ? rtt : t.unknownRttMs) + (rows[r + col.BASE] as number)
  ttft += work * (rows[r + col.PREFILL_MS] as number) + (1 + work / t.prefillChunkTokens) * step
  if (active + 1 > cap) ttft += ((active + 1 - cap) * tpot * tokensOut) / cap
  return ttft > policy.ttftSloMs
}

/**
 * The caps hold for the worst case: every reserved token used, and of the prompt what is dearer, all cached or nothing.
 * Where that is known to be nothing, the price of the other, on a cache line of its own, is not read.
 */
export function overPriceCap(
  rows: Float64Array,
  r: number,
  request: PlacementRequest,
  t: Tuning,
  uncachedIsDearest = false,
): boolean {
  const { maxPrice } = request.policy
  let priceIn = rows[r + col.P_IN] as number
  if (!uncachedIsDearest) priceIn = Math.max(priceIn, rows[r + col.P_CACHED] as number)
  const priceOut = rows[r + col.P_OUT] as number
  if (maxPrice.inPerMtok !== null && priceIn > maxPrice.inPerMtok) return true
  if (maxPrice.outPerMtok !== null && priceOut > maxPrice.outPerMtok) return true
  if (maxPrice.requestMicroUsd === null) return false
  const tokens = ((request.tokensInMax ?? request.tokensIn) * priceIn + request.tokensOutMax * priceOut) / 1e6
  const bytesOut = request.tokensOutMax * t.bytesPerTokenOut
  const bytes =
    (request.bytesIn * (rows[r + col.P_IN_GB] as number) + bytesOut * (rows[r + col.P_OUT_GB] as number)) / 1e9
  return !(tokens + bytes <= maxPrice.requestMicroUsd)
}

/** Stale rows are a second choice: admitted when no fresh one is admissible. Returns how many rows are admissible. */
export function admit(s: DecisionScratch): number {
  let fresh = 0
  let stale = 0
  for (let i = 0; i < s.n; i++) {
    if (s.reason[i] === 0) fresh++
    else if (s.reason[i] === STALE_REASON) stale++
  }
  if (fresh > 0 || stale === 0) return fresh
  for (let i = 0; i < s.n; i++) if (s.reason[i] === STALE_REASON) s.reason[i] = 0
  return stale
}
