import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Findings, sentenceOf } from './report.ts'
import { SequenceCheck } from './sequence.ts'

function sentences(seqs: readonly number[], fromSeq = 1, toSeq = 5): string[] {
  const findings = new Findings()
  const check = new SequenceCheck(findings, fromSeq, toSeq)
  seqs.forEach((seq, i) => check.next(i + 1, seq))
  check.finish(seqs.length + 1)
  expect(findings.mismatches.every((mismatch) => mismatch.check === 'sequence')).toBe(true)
  return findings.mismatches.map(sentenceOf)
}

test('numbers without a gap say nothing', () => {
  expect(sentences([1, 2, 3, 4, 5])).toEqual([])
  expect(sentences([8, 9], 8, 9)).toEqual([])
})

test('a missing number is named where the next one stands', () => {
  expect(sentences([1, 3, 4, 5])).toEqual(['Line 2: Receipt 2 is missing: expected number 2, found number 3.'])
  expect(sentences([1, 5])).toEqual(['Line 2: Receipts 2 to 4 are missing: expected number 2, found number 5.'])
  expect(sentences([2, 4, 5])).toEqual([
    'Line 1: Receipt 1 is missing: expected number 1, found number 2.',
    'Line 2: Receipt 3 is missing: expected number 3, found number 4.',
  ])
})

test('numbers that end too early are named where the next would stand, too late where the first beyond does', () => {
  expect(sentences([1, 2, 3])).toEqual([
    'Line 4: Receipts 4 to 5 are missing at the end: expected number 5 as the last, found number 3.',
  ])
  expect(sentences([1, 2, 3, 4])).toEqual([
    'Line 5: Receipt 5 is missing at the end: expected number 5 as the last, found number 4.',
  ])
  expect(sentences([1, 2, 3, 4, 5, 6])).toEqual([
    'Line 6: Receipts run beyond the header: expected number 5 as the last, found number 6.',
  ])
  expect(sentences([1, 2, 3, 4, 5, 6, 7])).toEqual([
    'Line 6: Receipts run beyond the header: expected number 5 as the last, found number 7.',
  ])
  expect(sentences([1, 7, 2, 3, 4, 5])[0]).toBe(
    'Line 2: Receipts are not in the order of their numbers: expected number 2, found number 7.',
  )
})

test('of a damaged file nothing is said about its end', () => {
  const findings = new Findings()
  const check = new SequenceCheck(findings, 1, 9)
  for (const [i, seq] of [1, 2, 4].entries()) check.next(i + 3, seq)
  check.finishGaps()
  expect(findings.mismatches.map(sentenceOf)).toEqual([
    'Line 5: Receipt 3 is missing: expected number 3, found number 4.',
  ])
})

test('a number that comes again is there twice', () => {
  expect(sentences([1, 2, 2, 3, 4, 5])).toEqual([
    'Line 3: Receipt 2 is there twice: expected number 3, found number 2.',
  ])
  expect(sentences([1, 3, 2, 2, 4, 5])).toEqual([
    'Line 2: Receipts are not in the order of their numbers: expected number 2, found number 3.',
    'Line 4: Receipt 2 is there twice: expected number 4, found number 2.',
  ])
})

test('a number is there twice once it came: neither what is still missing nor what is of another epoch', () => {
  const check = new SequenceCheck(new Findings(), 5, 9)
  expect(check.isTwice(5)).toBe(false)
  for (const [i, seq] of [5, 7].entries()) check.next(i + 3, seq)
  expect([4, 5, 6, 7, 8].map((seq) => check.isTwice(seq))).toEqual([false, true, false, true, false])
})

test('a number that comes late is not missing, only out of order', () => {
  expect(sentences([1, 3, 2, 4, 5])).toEqual([
    'Line 2: Receipts are not in the order of their numbers: expected number 2, found number 3.',
  ])
  expect(sentences([1, 4, 3, 5])).toEqual([
    'Line 2: Receipt 2 is missing: expected number 2, found number 4.',
    'Line 2: Receipts are not in the order of their numbers: expected number 3, found number 4.',
  ])
})

test('two gaps at different lines are two sentences, one gap is one', () => {
  expect(sentences([3, 5], 1, 5)).toEqual([
    'Line 1: Receipts 1 to 2 are missing: expected number 1, found number 3.',
    'Line 2: Receipt 4 is missing: expected number 4, found number 5.',
  ])
  expect(sentences([1, 5, 3], 1, 5)).toEqual([
    'Line 2: Receipt 2 is missing: expected number 2, found number 5.',
    'Line 2: Receipts are not in the order of their numbers: expected number 3, found number 5.',
    'Line 2: Receipt 4 is missing: expected number 4, found number 5.',
  ])
})

test('a lie about the numbers cannot make the check remember without bound', () => {
  const findings = new Findings()
  const check = new SequenceCheck(findings, 1, 1_000_000_000)
  check.next(1, 1_000_000_000)
  check.next(2, 10_000)
  check.next(3, 10_001)
  check.finish(4)
  expect(findings.mismatches.map(sentenceOf)).toEqual([
    'Line 1: Receipts 1 to 9999 are missing: expected number 1, found number 1000000000.',
    'Line 1: Receipts are not in the order of their numbers: expected number 10000, found number 1000000000.',
    'Line 3: Receipt 10001 is there twice: expected number 1000000001, found number 10001.',
  ])
})

test('whatever is done to a sequence, it is noticed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 8 }), (seqs) => {
      const isHonest = seqs.length === 5 && seqs.every((seq, i) => seq === i + 1)
      expect(sentences(seqs).length > 0).toBe(!isHonest)
    }),
  )
})
