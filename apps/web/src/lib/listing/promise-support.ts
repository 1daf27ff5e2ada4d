/** Whether what is measured, at this node and at like ones, supports what a provider is about to promise: the first token, and each further one. */
import type { ListingDetail } from '@isochrone/services'
import { formatCount, formatMs, formatTokensPerSecond } from '../words/format.ts'

export interface PromiseSupport {
  /** It would be broken by this node as it answered, or by like nodes. */
  contradicted: boolean
  /** What was measured, and what follows. */
  text: string
}

export interface Promised {
  ttftBaseMs: number
  ttftPerKtokMs: number
  tpotUs: number
}

/** This node itself. */
export interface OwnMeasurement {
  /** When its agent asked it; null until it has. */
  firstTokenMs: number | null
  /** The longest prompt that it takes; null until its agent says. */
  contextTokensMax: number | null
}

/** Where nobody says how long a prompt may be. */
const CONTEXT_TOKENS = 128_000

/** A promise of 0 is none. */
export function promiseSupport(
  like: ListingDetail['likeNodes'],
  promised: Promised,
  own: OwnMeasurement,
): PromiseSupport {
  const measured = [likeText(like), ownText(own)].join(' ')
  if (like.nodes === 0 && own.firstTokenMs === null) {
    return { contradicted: false, text: `${measured} So nothing supports or contradicts a promise.` }
  }
  const against = [...firstTokenAgainst(like, promised, own), ...nextTokenAgainst(like, promised)]
  const unknown = [
    promisesFirst(promised) && like.ttftP95Ms === null && own.firstTokenMs === null && 'how soon they begin',
    promised.tpotUs > 0 && perTokenUs(like) === null && 'how fast they go on',
  ].filter((part) => part !== false)
  const follows = [
    ...(against.length > 0 ? against : ['Nothing contradicts this promise.']),
    unknown.length > 0 && `Not measured yet: ${unknown.join(', ')}.`,
  ].filter((part) => part !== false)
  return { contradicted: against.length > 0, text: [measured, ...follows].join(' ') }
}

const promisesFirst = ({ ttftBaseMs, ttftPerKtokMs }: Promised): boolean => ttftBaseMs + ttftPerKtokMs > 0

function likeText({ nodes, ttftP95Ms, ttftPerKtokMs, tokensPerSecond }: ListingDetail['likeNodes']): string {
  if (nodes === 0) return 'No other live node of this hardware class is measured.'
  const perTokenMs = (perTokenUs({ tokensPerSecond }) ?? 0) / 1_000
  const parts = [
    `first token p95 ${formatMs(ttftP95Ms)}`,
    ttftPerKtokMs !== null && `${formatMs(ttftPerKtokMs)} for each 1,000 tokens in`,
    `${formatTokensPerSecond(tokensPerSecond)}${perTokenMs > 0 ? ` tok/s, so ${formatMs(perTokenMs)} for each further one` : ' tok/s'}`,
  ].filter((part) => part !== false)
  return `${nodes} live node${nodes === 1 ? '' : 's'} of this class measured: ${parts.join(', ')}.`
}

function ownText({ firstTokenMs }: OwnMeasurement): string {
  return firstTokenMs === null
    ? 'This node has not answered its own agent yet.'
    : `This node began after ${formatMs(firstTokenMs)} when its own agent asked it.`
}

/** A short prompt gets one step for its begun thousand; a long one as many as it has. */
function firstTokenAgainst(
  { ttftP95Ms, ttftPerKtokMs }: ListingDetail['likeNodes'],
  promised: Promised,
  { firstTokenMs, contextTokensMax }: OwnMeasurement,
): string[] {
  if (!promisesFirst(promised)) return []
  const shortMs = promised.ttftBaseMs + promised.ttftPerKtokMs
  const late = [
    firstTokenMs !== null && firstTokenMs > shortMs && 'This node would break the promise of the first token.',
    ttftP95Ms !== null && ttftP95Ms > shortMs && 'Like nodes would break the promise of the first token.',
  ].filter((part) => part !== false)
  if (late.length > 0) return late
  const beginsMs = firstTokenMs ?? ttftP95Ms
  if (ttftPerKtokMs === null || beginsMs === null || ttftPerKtokMs <= promised.ttftPerKtokMs) return []
  // The first thousand is in what was measured: after k thousands beginsMs + (k − 1) · taken is more than base + k · promised.
  const kept = Math.floor((promised.ttftBaseMs - beginsMs + ttftPerKtokMs) / (ttftPerKtokMs - promised.ttftPerKtokMs))
  if (kept * 1_000 >= (contextTokensMax ?? CONTEXT_TOKENS)) return []
  return [
    `At the ${formatMs(ttftPerKtokMs)} that like nodes take for each 1,000 tokens in, prompts above ${formatCount(kept * 1_000)} tokens would break the promise of the first token.`,
  ]
}

function nextTokenAgainst(like: ListingDetail['likeNodes'], { tpotUs }: Promised): string[] {
  const takenUs = perTokenUs(like)
  return tpotUs > 0 && takenUs !== null && takenUs > tpotUs
    ? ['Like nodes would break the promise of each further token.']
    : []
}

function perTokenUs({ tokensPerSecond }: Pick<ListingDetail['likeNodes'], 'tokensPerSecond'>): number | null {
  return tokensPerSecond !== null && tokensPerSecond > 0 ? 1e6 / tokensPerSecond : null
}
