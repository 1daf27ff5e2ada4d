import { answerMaxOf } from '@isochrone/domain'
import { createSealingKeyPair, readHeader, type SealedPath } from '@isochrone/protocol/sealed'
import { expect, test } from 'vitest'
import { readBody, sealBody } from './sealed-body.ts'

const chat = '/v1/chat/completions'
const messages = [{ role: 'user', content: 'Hi' }]
async function sealed(path: SealedPath, rest: object) {
  const clear = readBody(path, JSON.stringify({ model: 'm', ...rest }))
  const { publicKey } = await createSealingKeyPair()
  const list = { model: 'm', candidates: [{ publicKey }], nowMs: () => 0 } as unknown as Parameters<typeof sealBody>[1]
  const body = JSON.parse((await sealBody(clear, list)).body) as { max_tokens?: number; sealed: never }
  return { clear, inClear: body.max_tokens, bound: readHeader(body.sealed).header.max_tokens }
}

test('what is sealed is bound to what a gateway reserves for it in clear', async () => {
  for (const [path, rest] of [
    [chat, { messages }],
    [chat, { messages, n: 2 }],
    [chat, { messages, max_tokens: 7, n: 2 }],
    ['/v1/completions', { prompt: ['a', 'b'] }],
  ] as const) {
    expect((await sealed(path, rest)).bound).toBe(answerMaxOf(path, rest).tokensOutMax)
  }
})

/** Else nodes of a small context would be left out for a limit that nobody named. */
test('a limit that nobody named is not said to have been', async () => {
  const { clear, inClear } = await sealed(chat, { messages })
  expect([clear.limit, inClear]).toEqual([{}, undefined])
  expect((await sealed(chat, { messages, max_completion_tokens: 7 })).inClear).toBe(7)
  expect((await sealed('/v1/completions', { prompt: 'a' })).inClear).toBe(256)
})
