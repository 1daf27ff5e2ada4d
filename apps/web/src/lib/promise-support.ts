/** Whether what is measured at like nodes supports what a provider is about to promise: the first token, and each further one. */
import type { ListingDetail } from '@isochrone/services'
import { formatMs, formatTokensPerSecond } from './format.ts'

export interface PromiseSupport {
  /** Like nodes would break it. */
  contradicted: boolean
  /** What was measured, and what follows. */
  text: string
}

/** A promise of 0 is none. `tpotUs`: of each further token. */
export function promiseSupport(
  { nodes, ttftP95Ms, tokensPerSecond }: ListingDetail['likeNodes'],
  promised: { ttftBaseMs: number; tpotUs: number },
): PromiseSupport {
  if (nodes === 0) {
    const text = 'No live node of this hardware class is measured, so nothing supports or contradicts a promise.'
    return { contradicted: false, text }
  }
  const perTokenUs = tokensPerSecond !== null && tokensPerSecond > 0 ? 1e6 / tokensPerSecond : null
  const late = promised.ttftBaseMs > 0 && ttftP95Ms !== null && ttftP95Ms > promised.ttftBaseMs
  const slow = promised.tpotUs > 0 && perTokenUs !== null && perTokenUs > promised.tpotUs
  const unknown = [
    promised.ttftBaseMs > 0 && ttftP95Ms === null && 'how soon they begin',
    promised.tpotUs > 0 && perTokenUs === null && 'how fast they go on',
  ].filter((part) => part !== false)
  const measured = `${nodes} live node${nodes === 1 ? '' : 's'} of this class measured: first token p95 ${formatMs(ttftP95Ms)}, ${speedOf(tokensPerSecond, perTokenUs)}.`
  const follows = [
    late && 'They would break the promise of the first token.',
    slow && 'They would break the promise of each further token.',
    !late && !slow && 'Nothing contradicts this promise.',
    unknown.length > 0 && `Not measured yet: ${unknown.join(', ')}.`,
  ].filter((part) => part !== false)
  return { contradicted: late || slow, text: [measured, ...follows].join(' ') }
}

function speedOf(tokensPerSecond: number | null, perTokenUs: number | null): string {
  const rate = formatTokensPerSecond(tokensPerSecond)
  return perTokenUs === null ? rate : `${rate}, so ${formatMs(perTokenUs / 1_000)} for each further one`
}
