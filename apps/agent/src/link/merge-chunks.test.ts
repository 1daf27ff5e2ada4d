import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OpenAiChunk } from '../engines/engine-driver.ts'
import { ChunkMerger, type CountedChunk } from './merge-chunks.ts'

const delta = (content: string, more: Record<string, unknown> = {}): OpenAiChunk => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content }, finish_reason: null, ...more }],
})

const textOf = (sent: readonly CountedChunk[]): string =>
  sent.map(({ chunk }) => (chunk.choices as { delta?: { content?: string } }[])[0]?.delta?.content ?? '').join('')

test('text and tokens come out whole and in order, whatever is between and however long it takes', () => {
  const piece = fc.record({
    content: fc.string(),
    tokens: fc.nat(3),
    afterMs: fc.nat(30),
    special: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const merger = new ChunkMerger()
      const sent: CountedChunk[] = []
      let nowMs = 0
      for (const { content, tokens, afterMs, special } of pieces) {
        nowMs += afterMs
        sent.push(...merger.add(delta(content, special ? { logprobs: { content: [] } } : {}), tokens, nowMs))
      }
      sent.push(...merger.flush(nowMs))
      expect(textOf(sent)).toBe(pieces.map(({ content }) => content).join(''))
      const total = (items: readonly { tokens: number }[]) => items.reduce((sum, { tokens }) => sum + tokens, 0)
      expect(total(sent)).toBe(total(pieces))
      expect(merger.heldTokens).toBe(0)
    }),
  )
})

test('the first token leaves at once, what follows within milliseconds goes together', () => {
  const merger = new ChunkMerger()
  expect(merger.add(delta('a'), 1, 100)).toHaveLength(1)
  expect(merger.add(delta('b'), 1, 101)).toEqual([])
  expect(merger.add(delta('c'), 1, 102)).toEqual([])
  expect(merger.heldTokens).toBe(2)
  const [merged] = merger.add(delta('d'), 1, 130)
  expect(merged).toEqual({ chunk: delta('bcd'), tokens: 3 })
})

test('tool calls, ends and further choices are never merged', () => {
  const others: OpenAiChunk[] = [
    delta('x', { finish_reason: 'stop' }),
    delta('x', { index: 1 }),
    { choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] },
    { choices: [{ index: 0, delta: { content: 'x', reasoning_content: 'y' } }] },
    { choices: [] },
  ]
  for (const other of others) {
    const merger = new ChunkMerger()
    merger.add(delta('a'), 1, 0)
    merger.add(delta('b'), 1, 1)
    expect(merger.add(other, 0, 2)).toEqual([
      { chunk: delta('b'), tokens: 1 },
      { chunk: other, tokens: 0 },
    ])
  }
})
