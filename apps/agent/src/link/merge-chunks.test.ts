import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OpenAiChunk } from '../engines/engine-driver.ts'
import { ChunkMerger, HOLD_MS_MAX, type CountedChunk } from './merge-chunks.ts'

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
    ends: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom(0, HOLD_MS_MAX.streamed, HOLD_MS_MAX.whole), (pieces, holdMsMax) => {
      const merger = new ChunkMerger(holdMsMax)
      const sent: CountedChunk[] = []
      let nowMs = 0
      for (const { content, tokens, afterMs, special, ends } of pieces) {
        nowMs += afterMs
        const more = { ...(special && { logprobs: { content: [] } }), ...(ends && { finish_reason: 'stop' }) }
        sent.push(...merger.add(delta(content, more), tokens, nowMs))
        if (merger.isDue && afterMs > 15) sent.push(...merger.flush(nowMs))
      }
      sent.push(...merger.flush(nowMs))
      expect(textOf(sent)).toBe(pieces.map(({ content }) => content).join(''))
      const total = (items: readonly { tokens: number }[]) => items.reduce((sum, { tokens }) => sum + tokens, 0)
      expect(total(sent)).toBe(total(pieces))
      expect(merger.heldTokens).toBe(0)
    }),
  )
})

test('the first token is due with its turn, what follows within milliseconds goes together', () => {
  const merger = new ChunkMerger(HOLD_MS_MAX.whole)
  expect(merger.add(delta('a'), 1, 100)).toEqual([])
  expect(merger.isDue).toBe(true)
  expect(merger.flush(100)).toEqual([{ chunk: delta('a'), tokens: 1 }])
  merger.add(delta('b'), 1, 101)
  merger.add(delta('c'), 1, 102)
  expect(merger.isDue).toBe(false)
  expect(merger.heldTokens).toBe(2)
  merger.add(delta('d'), 1, 130)
  expect(merger.isDue).toBe(true)
  expect(merger.flush(130)).toEqual([{ chunk: delta('bcd'), tokens: 3 }])
  expect(merger.isDue).toBe(false)
})

test('the first token is due at once, however short the role of the answer came before it', () => {
  const merger = new ChunkMerger(HOLD_MS_MAX.streamed)
  merger.add(delta(''), 0, 100)
  expect(merger.flush(100)).toHaveLength(1)
  merger.add(delta('a'), 1, 101)
  expect([merger.isDue, merger.mayWait]).toEqual([true, false])
  merger.flush(101)
  merger.add(delta('b'), 1, 103)
  expect([merger.isDue, merger.mayWait]).toEqual([false, true])
})

test('without a time to hold, text is due with the turn in which it came', () => {
  const merger = new ChunkMerger(0)
  for (const nowMs of [1, 1, 2]) {
    merger.add(delta('a'), 1, nowMs)
    merger.add(delta('b'), 1, nowMs)
    expect(merger.isDue).toBe(true)
    expect(merger.flush(nowMs)).toEqual([{ chunk: delta('ab'), tokens: 2 }])
  }
})

test('no more is held than what a frame takes well', () => {
  const merger = new ChunkMerger(HOLD_MS_MAX.whole)
  const sent = Array.from({ length: 600 }, () => merger.add(delta('a'), 1, 1)).flat()
  expect(sent.map(({ tokens }) => tokens)).toEqual([256, 256])
})

test('no more text is held than a frame takes, whatever a token is', () => {
  const merger = new ChunkMerger(HOLD_MS_MAX.whole)
  const sent = Array.from({ length: 16 }, () => merger.add(delta('x'.repeat(4_096)), 1, 1)).flat()
  expect(sent.map(({ tokens }) => tokens)).toEqual([4, 4, 4, 4])
})

test('the end of a text goes with it, unless it says more than the text did', () => {
  const end: OpenAiChunk = {
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
  }
  const merger = new ChunkMerger(HOLD_MS_MAX.whole)
  merger.add(delta('a'), 1, 0)
  merger.add(delta('b'), 1, 0)
  merger.add(end, 0, 0)
  expect(merger.flush(0)).toEqual([{ chunk: delta('ab', { finish_reason: 'stop' }), tokens: 2 }])
  merger.add(delta('a'), 1, 0)
  expect(merger.add({ ...end, timings: {} }, 0, 0)).toEqual([
    { chunk: delta('a'), tokens: 1 },
    { chunk: { ...end, timings: {} }, tokens: 0 },
  ])
  merger.add(delta('a', { finish_reason: 'stop' }), 1, 0)
  expect(merger.add(delta('b'), 1, 0)).toHaveLength(2)
})

test('tool calls and further choices are never merged', () => {
  const others: OpenAiChunk[] = [
    delta('x', { finish_reason: 'stop', stop_reason: 'x' }),
    delta('x', { index: 1 }),
    { choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] },
    { choices: [{ index: 0, delta: { content: 'x', reasoning_content: 'y' } }] },
    { choices: [] },
  ]
  for (const other of others) {
    const merger = new ChunkMerger(HOLD_MS_MAX.whole)
    merger.add(delta('b'), 1, 1)
    expect(merger.add(other, 0, 2)).toEqual([
      { chunk: delta('b'), tokens: 1 },
      { chunk: other, tokens: 0 },
    ])
  }
})
