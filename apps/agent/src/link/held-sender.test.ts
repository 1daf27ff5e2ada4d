import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { OpenAiChunk } from '../engines/engine-driver.ts'
import { createHeldSender } from './held-sender.ts'
import { ChunkMerger, HOLD_MS_MAX } from './merge-chunks.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const HOLD_MS = HOLD_MS_MAX.streamed
const delta = (content: string): OpenAiChunk => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })

interface Stream {
  holdMs?: number | null
  mayThen?: () => boolean
}

/** A stream whose engine gives a token each `everyMs`; returns what left, and when, and when its engine was not read. */
async function sent(everyMs: number, count: number, { holdMs = HOLD_MS, mayThen = () => true }: Stream = {}) {
  const out: { text: string; atMs: number }[] = []
  const rests: { isResting: boolean; atMs: number }[] = []
  const startedMs = performance.now()
  const atMs = () => Math.round(performance.now() - startedMs)
  const merger = new ChunkMerger(HOLD_MS)
  /** What the engine has said and nobody has read. */
  let unread: string[] = []
  let isResting = false
  const held = createHeldSender({
    merger,
    mayThen,
    sends: ({ chunk }) => {
      const [choice] = chunk.choices as { delta: { content: string } }[]
      out.push({ text: choice?.delta.content ?? '', atMs: atMs() })
    },
    holdMs,
    rest(now) {
      isResting = now
      rests.push({ isResting, atMs: atMs() })
      if (!isResting) read()
    },
  })
  function read(): void {
    for (const text of unread) merger.add(delta(text), 1, performance.now())
    unread = []
    held.plan()
  }
  for (let i = 0; i < count; i++) {
    unread.push(`${i} `)
    if (!isResting) read()
    await vi.advanceTimersByTimeAsync(everyMs)
  }
  return { out, rests, held, merger }
}

test('tokens that are further apart than the hold leave as they come, and their engine is read all the time', async () => {
  const { out, rests } = await sent(HOLD_MS + 2, 4)
  expect(out.map(({ text }) => text)).toEqual(['0 ', '1 ', '2 ', '3 '])
  expect(out.map(({ atMs }) => atMs)).toEqual([0, 12, 24, 36])
  expect(rests).toEqual([])
})

test('of tokens that come faster the first leaves at once, and none waits longer than the hold', async () => {
  const { out } = await sent(2, 12)
  await vi.advanceTimersByTimeAsync(HOLD_MS)
  expect(out[0]).toEqual({ text: '0 ', atMs: 0 })
  expect(out.map(({ text }) => text).join('')).toBe(Array.from({ length: 12 }, (_, i) => `${i} `).join(''))
  expect(out.length).toBeLessThan(5)
  for (const { text, atMs } of out) {
    for (const token of text.trim().split(' ')) expect(atMs - 2 * Number(token)).toBeLessThanOrEqual(HOLD_MS + 1)
  }
})

test('an engine is not read while what it said is held, and is read before that leaves', async () => {
  const { out, rests } = await sent(2, 6)
  await vi.advanceTimersByTimeAsync(HOLD_MS)
  expect(rests.slice(0, 2)).toEqual([
    { isResting: true, atMs: 2 },
    { isResting: false, atMs: 2 + HOLD_MS },
  ])
  expect(out[1]?.text).toBe('1 2 3 4 5 ')
})

test('the last token does not wait for one that never comes', async () => {
  const { out } = await sent(1, 2)
  expect(out).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(HOLD_MS)
  expect(out.map(({ text }) => text)).toEqual(['0 ', '1 '])
})

test('what must not leave now stays held, and nothing leaves once the stream is over', async () => {
  const { out, rests, merger } = await sent(2, 3, { mayThen: () => false })
  await vi.advanceTimersByTimeAsync(50)
  expect([out.length, merger.heldTokens]).toEqual([0, 3])
  expect(rests.at(-1)?.isResting ?? false).toBe(false)
  const stopped = await sent(1, 2)
  stopped.held.stop()
  await vi.advanceTimersByTimeAsync(50)
  expect([stopped.out.length, stopped.merger.heldTokens]).toEqual([1, 1])
})

test('of a whole answer what is not due waits for its end, and its engine is read on', async () => {
  const { out, rests, merger } = await sent(1, 3, { holdMs: null })
  await vi.advanceTimersByTimeAsync(50)
  expect([out.length, merger.heldTokens, rests]).toEqual([1, 2, []])
})
