/**
 * A recorded decision for a person: what was asked, each candidate with every term in dollars, who was rejected and why,
 * who won and by what, and what it takes to run it again. Everything comes from the record and nothing is recomputed.
 */
import { defaultTuning } from '../decide/constants.ts'
import type {
  CandidateRow,
  PlacementRecord,
  PlacementRequest,
  RoutingPolicy,
  ScoreTerms,
  SentAttempt,
} from '../placement.ts'
import { listed, reasonWords, rejectionDetail, usd } from './reason-words.ts'
import { textTable, type Column } from './text-table.ts'

const termNames: Readonly<Record<keyof ScoreTerms, string>> = {
  tokens: 'tokens',
  bytes: 'bytes',
  latency: 'latency',
  generation: 'generation',
  sloTtft: 'SLO TTFT',
  sloTpot: 'SLO TPOT',
  failure: 'failure',
}
const terms = Object.keys(termNames) as (keyof ScoreTerms)[]
const REJECTED_SHOWN = 8

export function explainDecision(record: PlacementRecord): string {
  return [
    header(record),
    candidateTable(record),
    rejections(record),
    exclusions(record),
    verdict(record),
    sendings(record),
    replayLine(record),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function header(record: PlacementRecord): string {
  const { request, poolSize, eligible, sampled } = record
  const cached = request.prefixHashes.length > 0 ? `, ${request.prefixHashes.length} known prefix blocks` : ''
  const { gapNoise = 0 } = request
  const few =
    gapNoise > defaultTuning.gapNoiseFree
      ? `; of one long step ${Math.round(100 * gapNoise)} % stays in its time per token`
      : ''
  return [
    `Request ${request.requestId}: ${request.tokensIn} tokens in, ${request.tokensOutExpected} expected out (at most ${request.tokensOutMax})${cached}${few}`,
    `Policy: ${policyWords(request.policy)}${waitWords(request)}`,
    `Pool: ${poolSize} replicas, ${eligible} inside the fixed constraints, ${sampled.length} looked at`,
  ].join('\n')
}

function waitWords({ policy, sloWaitedMs = 0 }: PlacementRequest): string {
  if (sloWaitedMs === 0) return ''
  const [waited, asked] = [sloWaitedMs, sloWaitedMs + policy.ttftSloMs].map((ms) => Math.round(ms))
  return `; of the ${asked} ms to the first token it had waited ${waited} for a place`
}

function policyWords(policy: RoutingPolicy): string {
  const { maxPrice, regions, exclude, gpuClasses } = policy
  const parts = [
    `a second until the first token is worth ${usd(policy.valueOfSecondMicroUsd)}, one of generation ${usd(policy.valueOfGenerationSecondMicroUsd)}`,
    `targets ${policy.ttftSloMs} ms to the first token, ${policy.tpotSloMs} ms a token (${policy.admission === 'slack' ? 'kept or refused' : 'preferred'})`,
    maxPrice.inPerMtok === null ? '' : `input at most ${usd(maxPrice.inPerMtok)}/Mtok`,
    maxPrice.outPerMtok === null ? '' : `output at most ${usd(maxPrice.outPerMtok)}/Mtok`,
    maxPrice.requestMicroUsd === null ? '' : `the request at most ${usd(maxPrice.requestMicroUsd)}`,
    regions === null ? '' : `regions ${listed(regions)}`,
    exclude.length === 0 ? '' : `without ${listed(exclude)}`,
    policy.minTrust === 'claimed' ? '' : `trust ${policy.minTrust}`,
    policy.dataPolicy === 'any' ? '' : `data policy ${policy.dataPolicy}`,
    gpuClasses === null ? '' : `GPU ${listed(gpuClasses)}`,
    policy.allowFallbacks ? '' : 'no fallbacks',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function candidateTable({ candidates, choice, alternates }: PlacementRecord): string {
  if (candidates.length === 0) return 'No candidate was admissible.'
  const used = terms.filter((term) => candidates.some((candidate) => candidate.terms[term] !== 0))
  const columns: Column[] = [
    { title: '' },
    { title: 'node' },
    { title: 'score USD', isNumber: true },
    ...used.map((term) => ({ title: termNames[term], isNumber: true })),
    { title: 'TTFT ms', isNumber: true },
    { title: 'TPOT ms', isNumber: true },
    { title: 'streams', isNumber: true },
    { title: 'cached', isNumber: true },
  ]
  const place = (nodeId: string): string =>
    nodeId === choice ? 'chosen' : alternates.includes(nodeId) ? `alternate ${alternates.indexOf(nodeId) + 1}` : ''
  const rows = candidates.map((candidate) => [
    place(candidate.nodeId),
    shortId(candidate.nodeId),
    dollars(candidate.score),
    ...used.map((term) => dollars(candidate.terms[term])),
    candidate.ttftMs.toFixed(0),
    candidate.tpotMs.toFixed(1),
    candidate.activeStreams.toFixed(0),
    candidate.tokensCached.toFixed(0),
  ])
  const absent = terms.filter((term) => !used.includes(term)).map((term) => termNames[term])
  const note = absent.length > 0 ? `\nTerms that are 0 for all: ${absent.join(', ')}` : ''
  return `Candidates, best first; every term in USD for this request\n${textTable(columns, rows)}${note}`
}

function rejections({ rejected, sampled, request, nowMs }: PlacementRecord): string {
  if (rejected.length === 0) return ''
  const rows = new Map(sampled.map((replica) => [replica.offer.nodeId, replica]))
  const lines = rejected.slice(0, REJECTED_SHOWN).map(({ nodeId, reason }) => {
    const detail = rejectionDetail(reason, rows.get(nodeId), request, nowMs)
    return `  ${shortId(nodeId)} ${reasonWords[reason]}${detail === '' ? '' : ` (${detail})`}`
  })
  if (rejected.length > REJECTED_SHOWN) {
    const more = new Map<string, number>()
    for (const { reason } of rejected.slice(REJECTED_SHOWN)) more.set(reason, (more.get(reason) ?? 0) + 1)
    lines.push(`  and ${[...more].map(([reason, count]) => `${count} × ${reason}`).join(', ')}`)
  }
  return ['Rejected', ...lines].join('\n')
}

/** Of a large pool: those that were not looked at, because the fixed constraints leave them out. */
function exclusions({ excludedBy = {} }: PlacementRecord): string {
  const counts = Object.entries(excludedBy).map(([reason, count]) => `${count.toLocaleString('en')} × ${reason}`)
  return counts.length === 0 ? '' : `Outside the fixed constraints, by the first that excludes: ${counts.join(', ')}`
}

/** Reasons that pass by themselves. */
const passing: ReadonlySet<PlacementRecord['reason']> = new Set([
  'full',
  'no_slack',
  'breaker_open',
  'draining',
  'stale',
])

function verdict(record: PlacementRecord): string {
  const { choice, candidates, reason, rejected, retryAfterMs } = record
  const chosen = candidates.find(({ nodeId }) => nodeId === choice)
  if (!chosen) {
    const why =
      reason === null
        ? 'nothing was chosen'
        : reason === 'no_replica'
          ? reasonWords[reason]
          : `most often: the replica ${reasonWords[reason]}`
    const mayPass = passing.has(reason) || rejected.some((row) => passing.has(row.reason))
    const when = mayPass
      ? `Trying again makes sense after ${(retryAfterMs / 1_000).toFixed(1)} s.`
      : 'No waiting is known to help.'
    return `Not placed: ${why}. ${when}`
  }
  return `${shortId(chosen.nodeId)} was chosen: ${whyChosen(record, chosen)}.`
}

/** What left by it; an alternate goes where the choice has failed, or does not suit beside what was tried already. */
function sendings({ sent, choice, alternates }: PlacementRecord): string {
  if (!sent) return ''
  if (sent.length === 0) return 'No attempt was sent by it.'
  const lines = sent.map(({ attempt, nodeId, as, prefillAheadMax, declinedBehind }) => {
    const place = nodeId === choice ? 'the choice' : `alternate ${alternates.indexOf(nodeId) + 1}`
    const bound = prefillAheadMax === undefined ? '' : `, unless more than ${prefillAheadMax} prompt tokens wait there`
    const declined = declinedBehind === undefined ? '' : `. It declined: ${declinedBehind} waited`
    return `  attempt ${attempt} to ${shortId(nodeId)}, ${place}: ${sentWords[as]}${bound}${declined}`
  })
  return ['Sent by it', ...lines].join('\n')
}

const sentWords: Readonly<Record<SentAttempt['as'], string>> = {
  first: 'the first',
  hedge: 'a hedge beside a silent one',
  failover: 'from the beginning, after one that failed or was declined',
  continuation: 'to go on with an answer that broke off',
  move: 'to go on with an answer whose node had become too slow',
}

function whyChosen({ candidates, explored }: PlacementRecord, chosen: CandidateRow): string {
  const [best] = candidates
  const next = candidates.find(({ nodeId }) => nodeId !== chosen.nodeId)
  if (!next || !best) return 'it was the only admissible candidate'
  if (explored) {
    return `now and then a decision tries another admissible replica, so that estimates never go blind; the best score was ${shortId(best.nodeId)}, ${dollars(chosen.score - best.score)} USD lower`
  }
  if (best.nodeId !== chosen.nodeId) {
    return `its score is ${dollars(chosen.score - best.score)} USD above the best, too little to tell them apart; among equals the draw decides, so that equal offers share equally`
  }
  const lead = next.score - chosen.score
  if (lead === 0) return 'it shares the lowest score, and among equals the draw decides'
  const gains = terms
    .map((term) => ({ term, gain: next.terms[term] - chosen.terms[term] }))
    .toSorted((a, b) => b.gain - a.gain)
  const won = gains.filter(({ gain }) => gain > 0).slice(0, 2)
  const lost = gains.filter(({ gain }) => gain < 0).slice(-1)
  const words = [
    ...won.map(({ term, gain }) => `${termNames[term]} ${dollars(gain)} USD better`),
    ...lost.map(({ term, gain }) => `${termNames[term]} ${dollars(-gain)} USD worse`),
  ]
  return `its score is the lowest, ${dollars(lead)} USD below ${shortId(next.nodeId)} (${words.join(', ')})`
}

function replayLine({ engineVersion, prngState, nowMs }: PlacementRecord): string {
  return `Engine ${engineVersion}, generator state [${prngState.join(', ')}], decided at ${isoTime(nowMs)}`
}

/** Terms are fractions of a cent: eight decimals show a hundredth of a µUSD. */
const dollars = (microUsd: number): string => (microUsd / 1e6).toFixed(8)

/** Long ids keep both ends, which is what people compare. */
const shortId = (id: string): string => (id.length > 20 ? `${id.slice(0, 10)}…${id.slice(-6)}` : id)

const isoTime = (ms: number): string => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`)
