import { expect, test } from 'vitest'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { placementRequestOf } from './placement-request.ts'

const asked = (path: string, body: object) => {
  const job = { path, body, requestId: 'req_1', placement: null } as unknown as QueuedJobRow
  const { tokensOutMax, tokensOutNeeded, tokensOutExpected } = placementRequestOf(job, {}, () => undefined)
  return [tokensOutMax, tokensOutNeeded, tokensOutExpected]
}

test('queued work has the limits of what is asked at a gateway, named or not', () => {
  for (const path of ['/v1/chat/completions', '/v1/responses']) expect(asked(path, {})).toEqual([4_096, 256, 256])
  expect(asked('/v1/chat/completions', { n: 2 })).toEqual([8_192, 4_096, 4_096])
  expect(asked('/v1/chat/completions', { max_tokens: 9, n: 2 })).toEqual([18, undefined, 18])
  expect(asked('/v1/responses', { max_output_tokens: 9 })).toEqual([9, undefined, 9])
  expect(asked('/v1/completions', { prompt: 'a' })).toEqual([256, undefined, 256])
  expect(asked('/v1/completions', { prompt: ['a', 'b'], max_tokens: 5 })).toEqual([10, undefined, 10])
  expect(asked('/v1/embeddings', { input: 'a' })).toEqual([1, undefined, 1])
})
