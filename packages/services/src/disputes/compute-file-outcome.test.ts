/** Nobody is proposed as a withholder for an address that was away once, and a file that is there ends the claim. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FileTryRow } from '../ports/dispute-store.ts'
import { computeFileOutcome } from './compute-file-outcome.ts'

const right = '0xaa'
const steps = ['filed', 'answered', 'drawn'] as const

function tried(fields: Partial<FileTryRow> = {}): FileTryRow {
  const said = { httpStatus: 404, bytes: null, fileHash: null, tooLarge: false, said: 'It has no epoch 7.' }
  const place = { disputeId: 1n, lane: '0x1', epoch: 7n, step: steps[0], source: 'http://lane', by: 'lane' }
  return { ...place, triedAt: new Date(0), dataHash: right, ...said, ...fields }
}
const found = { httpStatus: 200, bytes: 9n, said: null }
const verdictOf = (...tries: FileTryRow[]) => computeFileOutcome(500n, tries)

test('the table of verdicts', () => {
  const missed = [tried(), tried({ step: 'answered' })]
  const there = [tried({ ...found, fileHash: right }), tried({ ...found, fileHash: right, step: 'drawn' })]
  const rows: [name: string, tries: FileTryRow[], verdict: string, words: string][] = [
    ['nothing known', [], 'undecidable', 'has not asked'],
    ['there in the first step and in the last', there, 'unfounded', 'given out'],
    ['missed in two steps', missed, 'upheld', 'asked in 2 steps'],
    ['missed once', [tried()], 'undecidable', 'one step only'],
    [
      'missed twice in one step',
      [tried(), tried({ source: 'http://b', by: 'gateway' })],
      'undecidable',
      'one step only',
    ],
    ['another file, twice', missed.map((each) => ({ ...each, ...found, fileHash: '0xbb' })), 'upheld', 'Nobody gave'],
    [
      'missed, then there',
      [tried(), tried({ ...found, step: 'drawn', fileHash: right })],
      'undecidable',
      'at one time',
    ],
    ['there once, and asked once', [tried({ ...found, fileHash: right })], 'unfounded', 'given out'],
    [
      'missed, there, missed',
      [tried(), tried({ ...found, step: 'answered', fileHash: right }), tried({ step: 'drawn' })],
      'undecidable',
      'at one time',
    ],
    // No file is not the file, though no hash is anchored either.
    [
      'missed before it was anchored, and after',
      [tried({ dataHash: null }), missed[1] as FileTryRow],
      'upheld',
      'in 2',
    ],
    ['there, then missed', [there[0] as FileTryRow, tried({ step: 'drawn' })], 'undecidable', 'at one time'],
    ['too large', [...missed, tried({ step: 'drawn', tooLarge: true })], 'undecidable', 'larger than is read'],
    ['no anchor', missed.map((each) => ({ ...each, dataHash: null })), 'undecidable', 'not anchored'],
    ['an unknown lane', missed.map((each) => ({ ...each, by: 'gateway' })), 'undecidable', 'told nobody'],
  ]
  for (const [name, tries, verdict, words] of rows) {
    const outcome = verdictOf(...tries)
    expect({ name, verdict: outcome.verdict }).toEqual({ name, verdict })
    expect(outcome.reason, name).toContain(words)
    expect(outcome.refundMicroUsd, name).toBe({ upheld: 500n, unfounded: 0n }[verdict] ?? null)
  }
})

/** What an arbiter reads beside the proposal. */
test('every try is counted once: as the file, as another, or as none', () => {
  const linesOf = (...tries: FileTryRow[]) => verdictOf(...tries).inputs.map(({ label, value }) => [label, value])
  const other = { ...found, fileHash: '0xbb' }
  const there = tried({ ...found, fileHash: right })
  expect(linesOf(tried(), tried(), tried(), tried(other), tried(other), there)).toEqual([
    ['Data hash, as anchored', right],
    ['Times asked', '6'],
    ['Given out as anchored', '1'],
    ['Another file', '2'],
    ['No file', '3'],
  ])
  expect(linesOf(tried({ dataHash: null }))).toEqual([
    ['Data hash, as anchored', 'not on the chain'],
    ['Times asked', '1'],
    ['Given out as anchored', '0'],
    ['Another file', '0'],
    ['No file', '1'],
  ])
  expect(linesOf()).toEqual([])
})

test('whoever gives out the file once is never proposed as a withholder', () => {
  const any = fc.record({
    step: fc.constantFrom(...steps),
    by: fc.constantFrom('lane', 'gateway', 'node'),
    fileHash: fc.constantFrom(null, right, '0xbb'),
  })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 12 }), (fields) => {
      const outcome = verdictOf(...fields.map((each) => tried(each)))
      if (fields.some(({ fileHash }) => fileHash === right)) expect(outcome.verdict).not.toBe('upheld')
      else expect(outcome.verdict).not.toBe('unfounded')
      if (outcome.verdict === 'undecidable') expect(outcome.refundMicroUsd).toBeNull()
    }),
  )
})
