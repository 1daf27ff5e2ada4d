import { CHUNK_BYTES_MAX } from '@isochrone/protocol'
import { createSealingKeyPair, newSealedId, openRequest, sealRequest } from '@isochrone/protocol/sealed'
import { foldAnswer } from '@isochrone/protocol/fold-answer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OpenAiChunk } from '../engines/engine-driver.ts'
import { chunkJsonBytesMax, divideChunk } from './divide-chunk.ts'

const BYTES_MAX = chunkJsonBytesMax.sealed
const folded = (kind: 'chat' | 'completion', chunks: readonly OpenAiChunk[]) => {
  const answer = foldAnswer(kind)
  for (const chunk of chunks) answer.add(JSON.parse(JSON.stringify(chunk)) as Record<string, unknown>)
  return answer.answer()
}
const divided = (chunk: OpenAiChunk, tokens = 1) => divideChunk({ chunk, tokens }, BYTES_MAX) ?? []

const long = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 9_000 }))
  .map(([text, times]) => text.repeat(times))
const list = fc.nat(6_000).map((length) => Array.from({ length }, (_, at) => ({ token: `t${at}`, logprob: -at / 7 })))
const completion = fc
  .record({ text: long, listed: list, finish: fc.constantFrom(null, 'stop') })
  .map(({ text, listed, finish }) => ({
    index: 0,
    text,
    logprobs: { tokens: listed.map(({ token }) => token), top_logprobs: listed },
    finish_reason: finish,
    stop_reason: 7,
  }))
const chat = fc
  .record({ content: long, reasoning: long, called: long, listed: list })
  .map(({ content, reasoning, called, listed }) => ({
    index: 1,
    delta: {
      role: 'assistant',
      content,
      reasoning_content: reasoning,
      tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: called } }],
    },
    logprobs: { content: listed },
    finish_reason: 'tool_calls',
  }))

test('the pieces of a chunk are the same answer, each fits a frame, and their tokens are its own', () => {
  const head = { object: 'x', created: 1 }
  const whole = fc.oneof(
    fc.array(completion, { minLength: 1, maxLength: 2 }).map((of) => ({ kind: 'completion' as const, of })),
    fc.array(chat, { minLength: 1, maxLength: 2 }).map((of) => ({ kind: 'chat' as const, of })),
  )
  fc.assert(
    fc.property(whole, fc.nat(500), ({ kind, of }, tokens) => {
      const choices = of.map((choice, index) => ({ ...choice, index }))
      const chunk = { ...head, choices }
      const pieces = divided(chunk, tokens)
      fc.pre(pieces.length > 0)
      expect(
        folded(
          kind,
          pieces.map((piece) => piece.chunk),
        ),
      ).toEqual(folded(kind, [chunk]))
      for (const piece of pieces) expect(Buffer.byteLength(JSON.stringify(piece.chunk))).toBeLessThanOrEqual(BYTES_MAX)
      expect(pieces.reduce((sum, piece) => sum + piece.tokens, 0)).toBe(tokens)
      expect(pieces.every((piece) => piece.tokens >= 0)).toBe(true)
    }),
    { numRuns: 60 },
  )
})

test('no character is cut in two, and the first piece begins the answer', () => {
  const text = `a${'😀'.repeat(60_000)}`
  const pieces = divided({ choices: [{ index: 0, text, finish_reason: null }] })
  const texts = pieces.map(({ chunk }) => (chunk.choices as { text: string }[])[0]?.text ?? '')
  expect(texts.join('')).toBe(text)
  expect(texts.every((each) => each.isWellFormed())).toBe(true)
  expect(pieces.map(({ tokens }) => tokens)).toEqual([1, ...pieces.slice(1).map(() => 0)])
})

test('what is small goes as it is, and what has no parts goes as long as it fits', () => {
  const chunkOf = (numbers: number) => ({
    object: 'list',
    data: [{ embedding: Array.from({ length: numbers }, () => 1) }],
  })
  expect(divideChunk({ chunk: chunkOf(10), tokens: 0 }, BYTES_MAX)).toBeUndefined()
  expect(divideChunk({ chunk: chunkOf(50_000), tokens: 0 }, BYTES_MAX)).toEqual([{ chunk: chunkOf(50_000), tokens: 0 }])
  expect(divideChunk({ chunk: chunkOf(200_000), tokens: 0 }, BYTES_MAX)).toBeNull()
  const unknown = { prompt_token_ids: 'x'.repeat(300_000), choices: [{ index: 0, text: 'a' }] }
  expect(divideChunk({ chunk: unknown, tokens: 1 }, BYTES_MAX)).toBeNull()
  // An engine's event that is short cannot be large, whatever it holds.
  expect(divideChunk({ chunk: unknown, tokens: 1, characters: 8_192 }, BYTES_MAX)).toBeUndefined()
})

test('the largest chunk fits a frame once it is sealed, with an id and a model as long as they may be', async () => {
  const pair = await createSealingKeyPair()
  const limits = { model: 'm', max_tokens: 1, stream: true, routing: null }
  const header = { v: 1, id: newSealedId(), at: 1, path: '/v1/completions', ...limits } as const
  const { envelope } = await sealRequest({ ...header, keys: [pair.publicKey] }, '{}')
  const sealer = await (await openRequest(pair, envelope)).answer()
  const json = JSON.stringify({ id: 'x'.repeat(33), model: 'm'.repeat(200), text: 'x'.repeat(BYTES_MAX - 20) })
  // The first part names its key as well.
  for (const end of [false, true]) {
    const bytes = Buffer.byteLength(JSON.stringify({ sealed: await sealer.part(json, end) }))
    expect(bytes).toBeLessThanOrEqual(CHUNK_BYTES_MAX)
    expect(bytes).toBeGreaterThan(CHUNK_BYTES_MAX - 4_096)
  }
})
