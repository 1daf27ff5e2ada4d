/**
 * The placement record as far as the page explains it. The scheduler owns its shape; a stranger one shows as JSON only.
 *
 * Records of the first engine lie in the database for ever: what they do not say is null here and is not shown.
 */
import { z } from 'zod'
import { formatCount, formatMs } from '../words/format.ts'

export const termNames = ['tokens', 'bytes', 'latency', 'generation', 'sloTtft', 'sloTpot', 'failure'] as const
export type TermName = (typeof termNames)[number]

const candidate = z.object({
  nodeId: z.string(),
  score: z.number(),
  terms: z.object({
    tokens: z.number(),
    bytes: z.number(),
    latency: z.number(),
    generation: z.number().nullable().default(null),
    sloTtft: z.number(),
    sloTpot: z.number(),
    failure: z.number(),
  }),
  ttftMs: z.number(),
  tpotMs: z.number(),
  activeStreams: z.number(),
  tokensCached: z.number().nullable().default(null),
})
export type CandidateView = z.infer<typeof candidate>

const policy = z.object({
  valueOfSecondMicroUsd: z.number(),
  valueOfGenerationSecondMicroUsd: z.number(),
  maxPrice: z
    .object({
      inPerMtok: z.number().nullable(),
      outPerMtok: z.number().nullable(),
      requestMicroUsd: z.number().nullable(),
    })
    .nullable()
    .default(null),
  regions: z.array(z.string()).nullable().default(null),
  exclude: z.array(z.string()).default([]),
  minTrust: z.string().default('claimed'),
  dataPolicy: z.string().default('any'),
  gpuClasses: z.array(z.string()).nullable().default(null),
  allowFallbacks: z.boolean().default(true),
})
export type PolicyView = z.infer<typeof policy>

const sentAttempt = z.object({
  attempt: z.int().min(0),
  nodeId: z.string(),
  as: z.string(),
  /** Prompt tokens that might wait at the node, and of one that declined, that did. */
  prefillAheadMax: z.int().min(0).optional(),
  declinedBehind: z.int().min(0).optional(),
})
export type SentView = z.infer<typeof sentAttempt>

const placementRecord = z.object({
  engineVersion: z.string(),
  nowMs: z.number(),
  request: z.object({
    tokensIn: z.number(),
    tokensOutMax: z.number(),
    policy: policy.nullable().default(null),
    /** Of its time to the first token, what waiting took. */
    sloWaitedMs: z.number().default(0),
    /** Of the first engine, which knew no policy. */
    valueOfSecondMicroUsd: z.number().nullable().default(null),
  }),
  candidates: z.array(candidate),
  rejected: z.array(z.object({ nodeId: z.string(), reason: z.string() })),
  /** Of a large pool: how many the fixed constraints left out unseen, by the first that did. */
  excludedBy: z.record(z.string(), z.number()).default({}).catch({}),
  poolSize: z.number(),
  eligible: z.number().nullable().default(null),
  sampled: z
    .array(z.object({ offer: z.object({ nodeId: z.string() }) }))
    .nullable()
    .default(null)
    .catch(null),
  explored: z.boolean(),
  choice: z.string().nullable(),
  alternates: z.array(z.string()),
  reason: z.string().nullable().default(null),
  retryAfterMs: z.number().nullable().default(null),
  /** Attempts that left by it; empty where nothing did, and in records that do not say. */
  sent: z.array(sentAttempt).default([]).catch([]),
})
export type PlacementView = z.infer<typeof placementRecord>

/** Null when there is no record or it is of another shape. */
export function readPlacement(value: unknown): PlacementView | null {
  const parsed = placementRecord.safeParse(value)
  return parsed.success ? parsed.data : null
}

/** The other decisions that a request took: null for one of a shape that is not known. */
export interface OtherDecisions {
  earlier: (PlacementView | null)[]
  later: (PlacementView | null)[]
}

/** A request may have gone by several decisions: those before and after the one that served, as they were made. */
export function readOtherDecisions(value: unknown): OtherDecisions {
  const list = z.array(z.unknown()).default([]).catch([])
  const parsed = z.object({ earlier: list, later: list }).safeParse(value)
  const { earlier, later } = parsed.success ? parsed.data : { earlier: [], later: [] }
  return { earlier: earlier.map(readPlacement), later: later.map(readPlacement) }
}

const sentWords: Record<string, string> = {
  first: 'the first try',
  hedge: 'a rival to a node that stayed silent',
  failover: 'after another node had failed or declined',
  continuation: 'to go on where another node had broken off',
  move: 'to go on, away from a node that had become slow',
}

/** What left by a decision, a sentence; attempts are numbered as on the page, from 1. */
export function sentSentence(sent: readonly SentView[], nameOf: (id: string) => string): string | null {
  if (sent.length === 0) return null
  const parts = sent.map(
    ({ attempt, nodeId, as }, index) =>
      `${attempt + 1}${index === 0 ? ' went' : ''} to ${nameOf(nodeId)} (${sentWords[as] ?? as.replaceAll('_', ' ')})`,
  )
  const declined = sent.flatMap(({ attempt, prefillAheadMax = 0, declinedBehind }) =>
    declinedBehind === undefined
      ? []
      : [
          ` Attempt ${attempt + 1} was declined: ${declinedWords({ promptsAhead: declinedBehind, aheadMax: prefillAheadMax })}.`,
        ],
  )
  return `Attempt ${parts.join(', attempt ')}.${declined.join('')}`
}

/** How many could serve, and how many of them were looked at. */
export function comparedSentence({ poolSize, eligible, sampled, candidates }: PlacementView): string {
  const wins = 'the lowest score wins.'
  if (eligible === null || sampled === null)
    return `${candidates.length} of ${poolSize} replicas could serve it; ${wins}`
  if (poolSize === 1 && eligible === 1) return 'The only replica of the model met the policy.'
  const met = eligible === poolSize ? `All ${poolSize}` : `${eligible} of the ${poolSize}`
  const replicas = `replica${poolSize === 1 ? '' : 's'} of the model met the policy`
  return sampled.length === eligible
    ? `${met} ${replicas} and ${eligible === 1 ? 'was' : 'were'} compared; ${wins}`
    : `${met} ${replicas}, ${sampled.length} of them were compared; ${wins}`
}

/** Why a node declined an attempt, and whether that is anybody's fault: it is not. */
export function declinedWords({ promptsAhead, aheadMax }: { promptsAhead: number; aheadMax: number }): string {
  return `${formatCount(promptsAhead)} prompt tokens waited there, and for your target at most ${formatCount(aheadMax)} might`
}

/** What load and time take away: waiting mends nothing else. */
const passing: ReadonlySet<string | null> = new Set(['full', 'no_slack', 'breaker_open', 'draining', 'stale'])

/** Why nobody was chosen; with a time to come back only where waiting could have helped. */
export function refusedSentence(record: PlacementView): string {
  const { sloWaitedMs } = record.request
  const waited = sloWaitedMs > 0 ? ` after it had waited ${formatMs(sloWaitedMs)} of its time to the first token` : ''
  const why = `Nobody was chosen${waited}${record.reason ? `: ${rejectionText(record.reason)}` : ''}.`
  const mayPass = passing.has(record.reason) || record.rejected.some(({ reason }) => passing.has(reason))
  if (!record.retryAfterMs || !mayPass) return why
  return `${why} The advice was to try again after ${formatMs(record.retryAfterMs)}.`
}

const rejectionWords: Record<string, string> = {
  other_model: 'serves another model',
  other_build: 'runs another build of the model',
  unsupported: 'its engine cannot do what was asked for',
  excluded: 'was excluded, or had already failed this request',
  draining: 'is draining: it takes no new work, because it is about to stop or a check of it has failed',
  stale: 'its last report was too old',
  breaker_open: 'rests after failures in a row',
  outside_residency: 'stands outside the regions allowed',
  data_policy: 'promises less about data than was asked for',
  gpu_class: 'is of another GPU class',
  trust: 'its hardware is less well known than was asked for',
  context_too_long: 'its context is too short for prompt and completion',
  full: 'was full, its queue included',
  over_price_cap: 'would cost more than the cap',
  no_slack: 'was not expected to answer in time',
  no_replica: 'no node serves this model',
  offline: 'is not linked to a gateway',
}

/** A rejection reason as the end of a sentence that starts with the node. */
export function rejectionText(reason: string): string {
  return rejectionWords[reason] ?? reason.replaceAll('_', ' ')
}

/** Who of a large pool was left out without a look, a sentence; null where the record names each one or does not say. */
export function excludedSentence({ excludedBy }: Pick<PlacementView, 'excludedBy'>): string | null {
  const counts = Object.entries(excludedBy).toSorted(([, a], [, b]) => b - a)
  if (counts.length === 0) return null
  const parts = counts.map(([reason, count]) => `${count.toLocaleString('en')} × ${rejectionText(reason)}`)
  return `Left out by the policy without a look, each by the first reason that did: ${parts.join('; ')}.`
}

export const termWords: Record<TermName, { label: string; help: string }> = {
  tokens: { label: 'Tokens', help: 'what the tokens cost at the node’s prices' },
  bytes: { label: 'Bytes', help: 'what the traffic costs' },
  latency: { label: 'Waiting', help: 'seconds until the first token, at what a second is worth to you' },
  generation: { label: 'Streaming', help: 'seconds of text after it, at what those are worth' },
  sloTtft: { label: 'Late start', help: 'a penalty where the first token is expected after your target' },
  sloTpot: { label: 'Slow tokens', help: 'a penalty where further tokens are expected slower than your target' },
  failure: { label: 'Failure risk', help: 'the chance that it fails, times what another try costs' },
}

/** Why a candidate won or lost, as a sentence; null where nobody won. */
export function verdictOf(row: CandidateView, { candidates, choice, explored }: PlacementView): string | null {
  const winner = candidates.find(({ nodeId }) => nodeId === choice)
  if (!winner) return null
  const best = Math.min(...candidates.map(({ score }) => score))
  if (row.nodeId === winner.nodeId) {
    if (candidates.length === 1) return 'The only candidate.'
    if (explored) return 'Tried in order to learn how it does now.'
    return row.score > best ? 'Close to the lowest score; the draw fell on it.' : 'Lowest score.'
  }
  const byUsd = formatScoreUsd(Math.abs(row.score - winner.score))
  if (row.score > winner.score) {
    return `Lost by $${byUsd}, most of it ${termWords[costliestTerm(row, winner)].label.toLowerCase()}.`
  }
  if (explored) return 'Scored better; another was tried in order to learn.'
  return row.score === winner.score
    ? 'Same score; the draw fell on another.'
    : `Lower by $${byUsd}, too little to tell apart; the draw fell on another.`
}

/** The term in which a row exceeds the winner most. */
function costliestTerm(row: CandidateView, winner: CandidateView): TermName {
  const excess = (term: TermName) => (row.terms[term] ?? 0) - (winner.terms[term] ?? 0)
  return termNames.toSorted((a, b) => excess(b) - excess(a))[0] ?? 'tokens'
}

/** µUSD as the scheduler reckons them, in floating point, in dollars; for reading, never for billing. */
export function formatScoreUsd(microUsd: number): string {
  return microUsd === 0 ? '0' : (microUsd / 1e6).toFixed(8).replace(/\.?0+$/, '')
}

/** What the policy demanded, one phrase each; empty where it demanded nothing. `nameOf` names ids. */
export function policyPhrases(view: PolicyView, nameOf: (id: string) => string): string[] {
  const { maxPrice, regions, exclude, gpuClasses } = view
  const cap = (microUsd: number | null | undefined, unit: string) =>
    microUsd === null || microUsd === undefined ? [] : [`at most $${formatScoreUsd(microUsd)} ${unit}`]
  return [
    ...(regions ? [`in ${listed(regions)}`] : []),
    ...cap(maxPrice?.inPerMtok, 'per M tokens in'),
    ...cap(maxPrice?.outPerMtok, 'per M tokens out'),
    ...cap(maxPrice?.requestMicroUsd, 'for the request'),
    ...(gpuClasses ? [`on ${listed(gpuClasses)}`] : []),
    ...(view.minTrust === 'claimed' ? [] : [`hardware at least ${view.minTrust}`]),
    ...(view.dataPolicy === 'any' ? [] : [view.dataPolicy.replace('_', ' ')]),
    ...(exclude.length > 0 ? [`not ${listed(exclude.map(nameOf))}`] : []),
    ...(view.allowFallbacks ? [] : ['no fallbacks']),
  ]
}

const listed = (words: readonly string[]): string =>
  words.length > 8 ? `${words.slice(0, 7).join(', ')} and ${words.length - 7} more` : words.join(', ')

/** The lease that a request ran on: its node was chosen long before. Null where the request was placed. */
export function leaseOfPlacement(placement: unknown): string | null {
  const onLease = z.object({ lease: z.string().regex(/^lease_[0-9a-f]{32}$/) }).safeParse(placement)
  return onLease.success ? onLease.data.lease : null
}
