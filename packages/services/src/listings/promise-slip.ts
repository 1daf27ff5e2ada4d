/**
 * Is a promise whole, and does it look like a slip?
 *
 * A time without a share that comes back is refused: it would read as a promise and be none. A share without a time is asked about, because
 * it stands for availability alone; so is a figure magnitudes away from what is measured. It is asked once, then respected.
 */
import type { Promises } from '../providers/terms.ts'
import type { MeasuredMarket } from './measured-nodes.ts'

/** Below a tenth of what is measured a promise is a slip, or ruin. */
const SHORT_FACTOR = 10
/** A promise is rightly well above the middle: it holds for 95 % of attempts, under load. A hundred times above it says nothing. */
const LONG_FACTOR = 100
/** Quicker ones are not told apart, ms: the way to the gateway takes as long. */
const leastMs = { firstToken: 100, nextToken: 10 }
/** Where nothing is measured. */
const usual = { firstTokenMs: 500, nextTokenMs: 30, penaltyBps: 1_000 }

type Field = 'ttftBaseMs' | 'tpotUs' | 'penaltyBps'
interface Slip {
  field: Field
  sentence: string
}
interface Yardstick {
  value: number
  words: string
}

export function promisesTime({
  ttftBaseMs,
  ttftPerKtokMs,
  tpotUs,
}: Pick<Promises, 'ttftBaseMs' | 'ttftPerKtokMs' | 'tpotUs'>): boolean {
  return ttftBaseMs + ttftPerKtokMs + tpotUs > 0
}

/** Why these are no whole promises; null where they are, or where nothing is promised. */
export function promiseGap(promises: Promises): string | null {
  return promisesTime(promises) && promises.penaltyBps === 0
    ? 'A time is promised, and nothing comes back when it is broken: say how much comes back, or promise nothing.'
    : null
}

/** @param ownFirstTokenMs as the node's own agent measured it. */
export function promiseSlip(
  promises: Promises,
  measured: MeasuredMarket,
  ownFirstTokenMs: number | null,
): { field: Field; question: string } | null {
  const slips = [
    ...firstTokenSlip(promises, firstTokenYardstick(measured, ownFirstTokenMs)),
    ...nextTokenSlip(promises, nextTokenYardstick(measured)),
    ...penaltySlip(promises, measured.penaltyBps),
  ]
  const [first] = slips
  if (!first) return null
  const sentences = slips.map(({ sentence }) => sentence).join(' ')
  return { field: first.field, question: `${sentences} Is that what you mean?` }
}

function firstTokenYardstick({ like, all }: MeasuredMarket, ownMs: number | null): Yardstick {
  if (ownMs !== null) return { value: ownMs, words: `the ${ms(ownMs)} that this node took when its agent asked it` }
  if (like.ttftP95Ms !== null) return { value: like.ttftP95Ms, words: `the ${ms(like.ttftP95Ms)} of like nodes` }
  if (all.ttftP95Ms !== null) return { value: all.ttftP95Ms, words: `the ${ms(all.ttftP95Ms)} of all nodes` }
  return { value: usual.firstTokenMs, words: `the usual ${ms(usual.firstTokenMs)}` }
}

function nextTokenYardstick({ like, all }: MeasuredMarket): Yardstick {
  const [likeMs, allMs] = [perTokenMs(like.tokensPerSecond), perTokenMs(all.tokensPerSecond)]
  if (likeMs !== null) return { value: likeMs, words: `the ${ms(likeMs)} of like nodes` }
  if (allMs !== null) return { value: allMs, words: `the ${ms(allMs)} of all nodes` }
  return { value: usual.nextTokenMs, words: `the usual ${ms(usual.nextTokenMs)}` }
}

/** Of a prompt of up to 1,000 tokens, which gets one step more. */
function firstTokenSlip({ ttftBaseMs, ttftPerKtokMs }: Promises, yardstick: Yardstick): Slip[] {
  const promisedMs = ttftBaseMs + ttftPerKtokMs
  if (promisedMs === 0) return []
  const off = offBy(promisedMs, yardstick, leastMs.firstToken)
  const prompt = ttftPerKtokMs > 0 ? ' to a prompt of up to 1,000 tokens' : ''
  return off === null
    ? []
    : [{ field: 'ttftBaseMs', sentence: `A first token${prompt} within ${ms(promisedMs)} is ${off}.` }]
}

function nextTokenSlip({ tpotUs }: Promises, yardstick: Yardstick): Slip[] {
  if (tpotUs === 0) return []
  const off = offBy(tpotUs / 1_000, yardstick, leastMs.nextToken)
  return off === null
    ? []
    : [{ field: 'tpotUs', sentence: `Each further token within ${ms(tpotUs / 1_000)} is ${off}.` }]
}

function penaltySlip(promises: Promises, marketBps: number | null): Slip[] {
  const { penaltyBps } = promises
  if (penaltyBps === 0) return []
  const slips: Slip[] = []
  if (!promisesTime(promises)) {
    const sentence = `No time is promised, so ${percent(penaltyBps)} comes back only where more than 1 % of attempts end by this node’s fault.`
    slips.push({ field: 'penaltyBps', sentence })
  }
  const middle = marketBps ?? usual.penaltyBps
  const isHigh = penaltyBps >= middle * 10
  if (isHigh || penaltyBps * 10 <= middle) {
    const times = Math.floor(isHigh ? penaltyBps / middle : middle / penaltyBps)
    const against = `${times} times ${isHigh ? 'above' : 'below'} the ${marketBps === null ? 'usual ' : ''}${percent(middle)}${marketBps === null ? '' : ' of other nodes'}`
    slips.push({ field: 'penaltyBps', sentence: `That ${percent(penaltyBps)} comes back is ${against}.` })
  }
  return slips
}

function offBy(promisedMs: number, { value, words }: Yardstick, leastValueMs: number): string | null {
  if (promisedMs * SHORT_FACTOR <= value) return `${Math.floor(value / promisedMs)} times shorter than ${words}`
  const long = Math.max(value, leastValueMs)
  if (promisedMs < long * LONG_FACTOR) return null
  return `more than ${LONG_FACTOR} times longer than ${words}`
}

const perTokenMs = (tokensPerSecond: number | null): number | null =>
  tokensPerSecond !== null && tokensPerSecond > 0 ? 1_000 / tokensPerSecond : null

/** Three significant digits of a measurement; a promise below them is shown as it is. */
const ms = (value: number): string => `${Number.isInteger(value * 1_000) ? value : Number(value.toPrecision(3))} ms`

const percent = (bps: number): string => `${bps / 100} %`
