/** A lane that takes from providers by recounts says how much, of which receipt, and takes no more than the difference costs. */
import { deliveryPriceMicroUsd, pricesOfTerms, type MeteringCorrection } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { testDelivery, testTerms } from '../../testing/receipts.ts'
import { Findings, sentenceOf } from '../report.ts'
import { CorrectionLines } from './correction-lines.ts'

/** Whole micro-dollars a token, so that each token shows. */
const terms = { ...testTerms, inPerMtok: 3e6, cachedPerMtok: 2e6, outPerMtok: 5e6, inPerGb: 0, outPerGb: 0 }
const known = { terms, prices: pricesOfTerms(terms), line: 2 }
function receiptOf(seq: number) {
  const delivery = testDelivery({ seq, billedIn: 100, billedCached: 20, billedOut: 11 })
  return { ...delivery, price: deliveryPriceMicroUsd(delivery, known.prices) }
}
/** One output token less of the receipt with this number. */
const lineOf = (seq: number, fields: Partial<MeteringCorrection> = {}) => ({
  kind: 'correction' as const,
  seq,
  billedIn: 100,
  billedCached: 20,
  billedOut: 10,
  refund: 5n,
  ...fields,
})

function checked(corrections: readonly ReturnType<typeof lineOf>[], seqs: readonly number[]) {
  const findings = new Findings()
  const lines = new CorrectionLines(findings)
  corrections.forEach((correction, i) => lines.check(i + 3, correction))
  const refunds = seqs.map((seq) => lines.refundOf(receiptOf(seq), known))
  lines.finish()
  return { findings, lines, refunds, sentences: findings.mismatches.map(sentenceOf) }
}

test('what a correction takes off is the price of the tokens that it leaves out, once', () => {
  const { refunds, sentences } = checked([lineOf(2)], [1, 2, 2, 3])
  expect([refunds, sentences]).toEqual([[0n, 5n, 0n, 0n], []])
  const all = lineOf(1, { billedIn: 0, billedCached: 0, billedOut: 0, refund: 300n + 40n + 55n })
  expect(checked([all], [1])).toMatchObject({ refunds: [395n], sentences: [] })
})

test('a refund of another amount is named with the line of the correction', () => {
  for (const [fields, expected, found] of [
    [{ refund: 6n }, 5, 6],
    [{ refund: 4n }, 5, 4],
    [{ billedIn: 99 }, 8, 5],
    [{ billedCached: 19 }, 7, 5],
    [{ billedOut: 9 }, 10, 5],
  ] as const) {
    const { findings, sentences } = checked([lineOf(2, fields)], [2])
    expect(sentences).toEqual([`Line 3: Refund of receipt 2 in µUSD: expected ${expected}, found ${found}.`])
    expect(findings.countOf('prices')).toBe(1)
  }
})

test('a correction bills no more than its receipt, of no kind of token', () => {
  for (const [field, most, refund] of [
    ['billedIn', 100, 2n],
    ['billedCached', 20, 3n],
    ['billedOut', 11, -5n],
  ] as const) {
    const { findings, sentences } = checked([lineOf(2, { [field]: most + 1, refund })], [2])
    expect(sentences).toEqual([
      `Line 3: ${field} in the correction of receipt 2: expected at most ${most} as in the receipt, found ${most + 1}.`,
    ])
    expect(findings.countOf('prices')).toBe(1)
  }
  expect(checked([lineOf(2, { billedOut: 11, refund: 0n })], [2]).sentences).toEqual([])
})

test('corrections stand in the order of their numbers, each once', () => {
  expect(checked([lineOf(1), lineOf(2), lineOf(9)], [1, 2, 9]).sentences).toEqual([])
  for (const seq of [4, 3]) {
    const { findings, sentences } = checked([lineOf(4), lineOf(seq)], [3, 4])
    expect(sentences).toEqual([`Line 4: Order of corrections: expected ascending numbers, found ${seq}.`])
    expect(findings.countOf('form')).toBe(1)
  }
  expect(checked([lineOf(0)], [0]).sentences).toHaveLength(1)
})

test('a correction of a receipt that is not in the file is named', () => {
  const { findings, sentences } = checked([lineOf(2), lineOf(7)], [1, 2, 3])
  expect(sentences).toEqual(['Line 4: Receipt 7, which a correction names: expected one in the file, found none.'])
  expect(findings.countOf('prices')).toBe(1)
})

test('the report says what corrections took, and that nobody outside can count it', () => {
  const described = (corrections: readonly ReturnType<typeof lineOf>[], seqs: readonly number[]) => {
    const { findings, lines } = checked(corrections, seqs)
    lines.describe(seqs.length, 790n)
    const detail = findings.checks().find(({ name }) => name === 'prices')?.detail
    return { detail, unchecked: findings.unchecked, notes: findings.notes }
  }
  expect(described([], [1])).toEqual({ detail: '1 price computed again', unchecked: [], notes: [] })
  const why =
    'from providers, who are paid that much less. The texts are private: only payer, node and lane can count them, and a ' +
    "lane can write down any count below the receipt's."
  expect(described([lineOf(1)], [1, 2])).toEqual({
    detail: '2 prices computed again, 1 correction taking 5 of 790 µUSD',
    unchecked: ['the texts behind 1 correction, which take 5 of 790 µUSD from providers (private)'],
    notes: [`Not checked: recounted tokens. 1 correction by the lane takes 5 of 790 µUSD ${why}`],
  })
  expect(described([lineOf(1), lineOf(2, { billedOut: 9, refund: 10n })], [1, 2])).toEqual({
    detail: '2 prices computed again, 2 corrections taking 15 of 790 µUSD',
    unchecked: ['the texts behind 2 corrections, which take 15 of 790 µUSD from providers (private)'],
    notes: [`Not checked: recounted tokens. 2 corrections by the lane take 15 of 790 µUSD ${why}`],
  })
})
