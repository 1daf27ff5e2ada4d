import { mergeRouting, policyWithFeatures, type PlacementRequest } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { requestOf } from './go-on-elsewhere.ts'
import type { Serving } from '../serving.ts'

const asked: PlacementRequest = {
  requestId: 'req_1',
  modelHash: null,
  tokensIn: 100,
  tokensOutMax: 4_096,
  tokensOutExpected: 200,
  bytesIn: 400,
  prefixHashes: [],
  prefixBlockTokens: 16,
  policy: policyWithFeatures(mergeRouting({}), 0),
  excludeNodeIds: [],
}
const rest = (change: Partial<PlacementRequest>, tokens: number) => {
  const soFar = { text: '', tokens, tokensLeft: 4_096 - tokens, billedMicroUsd: 0n, delivered: [] }
  return requestOf({ asked: { ...asked, ...change } } as unknown as Serving, soFar, [], [])
}

test('the rest of an answer needs no more context than the whole of it did, and room for one token more', () => {
  for (const tokens of [1, 100, 255]) {
    const { tokensIn, tokensOutMax, tokensOutNeeded } = rest({ tokensOutNeeded: 256 }, tokens)
    expect([tokensIn + (tokensOutNeeded ?? 0), tokensOutMax]).toEqual([356, 4_096 - tokens])
  }
  expect(rest({ tokensOutNeeded: 256 }, 2_000)).toMatchObject({ tokensIn: 2_100, tokensOutNeeded: 1 })
  expect(rest({}, 100)).not.toHaveProperty('tokensOutNeeded')
})
