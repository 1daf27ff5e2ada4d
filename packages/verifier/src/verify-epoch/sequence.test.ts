import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Findings, sentenceOf } from './report.ts'
import { SequenceCheck } from './sequence.ts'

function sentences(seqs: readonly number[], fromSeq = 1, toSeq = 5): string[] {
  const findings = new Findings()
  const check = new SequenceCheck(findings, fromSeq)
  seqs.forEach((seq, i) => check.next(i + 1, seq))
  check.finish(seqs.length, toSeq)
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

test('numbers that end too early or too late are named on the last line', () => {
  expect(sentences([1, 2, 3])).toEqual([
    'Line 3: Receipts 4 to 5 are missing at the end: expected number 5 as the last, found number 3.',
  ])
  expect(sentences([1, 2, 3, 4])).toEqual([
    'Line 4: Receipts 5 to 5 are missing at the end: expected number 5 as the last, found number 4.',
  ])
  expect(sentences([1, 2, 3, 4, 5, 6])).toEqual([
    'Line 6: Receipts run beyond the header: expected number 5 as the last, found number 6.',
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

test('a number that comes late is not missing, only out of order', () => {
  expect(sentences([1, 3, 2, 4, 5])).toEqual([
    'Line 2: Receipts are not in the order of their numbers: expected number 2, found number 3.',
  ])
  expect(sentences([1, 4, 3, 5])).toEqual([
    'Line 2: Receipts are not in the order of their numbers: expected number 3, found number 4.',
    'Line 2: Receipt 2 is missing: expected number 2, found number 4.',
  ])
})

test('two gaps at different lines are two sentences, one gap is one', () => {
  expect(sentences([3, 5], 1, 5)).toEqual([
    'Line 1: Receipts 1 to 2 are missing: expected number 1, found number 3.',
    'Line 2: Receipt 4 is missing: expected number 4, found number 5.',
  ])
  expect(sentences([1, 5, 3], 1, 5)).toEqual([
    'Line 2: Receipts are not in the order of their numbers: expected number 3, found number 5.',
    'Line 2: Receipt 2 is missing: expected number 2, found number 5.',
    'Line 2: Receipt 4 is missing: expected number 4, found number 5.',
  ])
})

test('a lie about the numbers cannot make the check remember without bound', () => {
  const findings = new Findings()
  const check = new SequenceCheck(findings, 1)
  check.next(1, 1_000_000_000)
  check.next(2, 10_000)
  check.next(3, 10_001)
  check.finish(3, 1_000_000_000)
  expect(findings.mismatches.map(sentenceOf)).toEqual([
    'Line 1: Receipts are not in the order of their numbers: expected number 10000, found number 1000000000.',
    'Line 1: Receipts 1 to 9999 are missing: expected number 1, found number 1000000000.',
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
