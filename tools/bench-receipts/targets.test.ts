/** A bench that names a target says when it is missed, and not when it is just met. */
import { expect, test } from 'vitest'
import { missedTargets, targets } from './targets.ts'

test('a figure at its target is right, and one beyond it is named with what was asked', () => {
  expect(missedTargets(targets)).toEqual([])
  const { signPairsPerSecond, verifyPairsPerSecond, merkle100kMs } = targets
  expect(missedTargets({ ...targets, signPairsPerSecond: signPairsPerSecond - 1 })).toEqual([
    'signPairsPerSecond: 7999, asked ≥ 8000',
  ])
  expect(missedTargets({ ...targets, verifyPairsPerSecond: verifyPairsPerSecond - 1 })).toEqual([
    'verifyPairsPerSecond: 4999, asked ≥ 5000',
  ])
  expect(missedTargets({ ...targets, merkle100kMs: merkle100kMs + 1 })).toEqual(['merkle100kMs: 2001, asked ≤ 2000'])
  expect(missedTargets({ signPairsPerSecond: NaN, verifyPairsPerSecond: 0, merkle100kMs: Infinity })).toHaveLength(3)
})
