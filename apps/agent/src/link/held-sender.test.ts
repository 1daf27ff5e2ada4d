import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { OpenAiChunk } from '../engines/engine-driver.ts'
import { createHeldSender } from './held-sender.ts'
import { ChunkMerger, HOLD_MS_MAX } from './merge-chunks.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const delta = (content: string): OpenAiChunk => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })

/** A stream whose engine gives a token each `everyMs`; returns what left, and when. */
async function sent(everyMs: number, count: number, { isTimed = true, mayThen = (): boolean => true } = {}) {
  const out: { text: unknown; atMs: number }[] = []
  const startedMs = performance.now()
  const merger = new ChunkMerger(HOLD_MS_MAX.streamed)
  const held = createHeldSender({
    merger,
    mayThen,
    sends: ({ chunk }) => {
      const [choice] = chunk.choices as { delta: { content: string } }[]
      out.push({ text: choice?.delta.content, atMs: Math.round(performance.now() - startedMs) })
    },
    isTimed,
  })
  for (let i = 0; i < count; i++) {
    const nowMs = performance.now()
    merger.add(delta(`${i} `), 1, nowMs)
    held.plan(nowMs)
    await vi.advanceTimersByTimeAsync(everyMs)
  }
  return { out, held, merger }
}

test('tokens that are further apart than the hold leave as they come', async () => {
  const { out } = await sent(HOLD_MS_MAX.streamed + 2, 4)
  expect(out.map(({ text }) => text)).toEqual(['0 ', '1 ', '2 ', '3 '])
  expect(out.map(({ atMs }) => atMs)).toEqual([0, 12, 24, 36])
})

test('of tokens that come faster the first leaves at once, and nothing waits longer than the hold', async () => {
  const { out } = await sent(2, 12)
  await vi.advanceTimersByTimeAsync(HOLD_MS_MAX.streamed)
  expect(out[0]).toEqual({ text: '0 ', atMs: 0 })
  expect(out.map(({ text }) => text).join('')).toBe(Array.from({ length: 12 }, (_, i) => `${i} `).join(''))
  expect(out.length).toBeLessThan(6)
  for (const [index, { atMs }] of out.entries()) {
    expect(atMs - (out[index - 1]?.atMs ?? 0)).toBeLessThanOrEqual(HOLD_MS_MAX.streamed + 2)
  }
})

test('the last token does not wait for one that never comes', async () => {
  const { out } = await sent(1, 2)
  expect(out).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(HOLD_MS_MAX.streamed)
  expect(out.map(({ text }) => text)).toEqual(['0 ', '1 '])
})

test('what must not leave now stays held, and nothing leaves once the stream is over', async () => {
  const { out, merger } = await sent(2, 3, { mayThen: () => false })
  await vi.advanceTimersByTimeAsync(50)
  expect([out.length, merger.heldTokens]).toEqual([0, 3])
  const stopped = await sent(1, 2)
  stopped.held.stop()
  await vi.advanceTimersByTimeAsync(50)
  expect([stopped.out.length, stopped.merger.heldTokens]).toEqual([1, 1])
})

test('of a whole answer what is not due waits for its end', async () => {
  const { out, merger } = await sent(1, 3, { isTimed: false })
  await vi.advanceTimersByTimeAsync(50)
  expect([out.length, merger.heldTokens]).toEqual([1, 2])
})
