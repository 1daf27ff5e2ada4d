/** What a page says that a batch costs at most is what gateways reserve for its lines: neither may drift. */
import { answerMaxOf } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { parseResponsesRequest } from '../../responses/responses-request.ts'
import { parseInferenceRequest, type InferencePath } from '../read/parse-request.ts'
import { bytesOutMaxOf } from './reserve-price.ts'

const messages = [{ role: 'user', content: 'Hello' }]
const bytesOf = (body: object) => Buffer.from(JSON.stringify(body))

test.each<[InferencePath, Record<string, unknown>]>([
  ['/v1/chat/completions', { messages }],
  ['/v1/chat/completions', { messages, max_tokens: 7, n: 3 }],
  ['/v1/chat/completions', { messages, max_tokens: 7, max_completion_tokens: 1_000_000, n: 8 }],
  ['/v1/chat/completions', { messages, max_tokens: null, n: null }],
  ['/v1/completions', { prompt: 'Hello', max_tokens: 5, max_completion_tokens: 9 }],
  ['/v1/completions', { prompt: ['a', 'b', 'c'], n: 2 }],
  ['/v1/completions', { prompt: [1, 2, 3], max_tokens: 4 }],
  ['/v1/embeddings', { input: ['a', 'b'] }],
  ['/v1/embeddings', { input: 'a', max_tokens: 9 }],
])('%s %j', (path, rest) => {
  const body = { model: 'm', ...rest }
  const request = parseInferenceRequest(path, bytesOf(body))
  expect(answerMaxOf(path, body)).toEqual({
    tokensOutMax: request.tokensOutMax,
    bytesOutMax: bytesOutMaxOf(request),
  })
})

test.each([{}, { max_output_tokens: 9 }, { max_tokens: 3 }, { max_output_tokens: 9, max_tokens: 3 }])(
  '/v1/responses %j, which is served as a chat completion',
  (rest) => {
    const body = { model: 'm', input: 'Hello', ...rest }
    const request = parseInferenceRequest('/v1/chat/completions', bytesOf(parseResponsesRequest(body).chatBody))
    expect(answerMaxOf('/v1/responses', body).tokensOutMax).toBe(request.tokensOutMax)
  },
)

test('a limit that gateways refuse counts as if it were left out', () => {
  for (const max_tokens of [0, -1, 1.5, 1e12, '7', {}]) {
    expect(answerMaxOf('/v1/chat/completions', { max_tokens, n: 1e9 }).tokensOutMax).toBe(4_096)
  }
})
