import { curveOf, tpotMs, unloadedTtftMs } from '@isochrone/perf-model'
import { expect, test } from 'vitest'
import type { GenerationRequest } from './engine-backend.ts'
import { createSimulatedBackend } from './simulated-backend.ts'

const curve = curveOf('H200', 8, 'fp8')
const backend = () => createSimulatedBackend({ modelId: 'm', curve, sequences: 64, queueMax: 4, contextTokens: 4096 })
const request = (
  prompt: string,
  tokensOutMax: number | undefined,
  more: Partial<GenerationRequest> = {},
): GenerationRequest => ({
  model: 'm',
  input: { kind: 'completion', prompt },
  tokensOutMax,
  temperature: 1,
  topP: 1,
  seed: undefined,
  stop: [],
  continues: false,
  ...more,
})

async function run(
  engine: ReturnType<typeof backend>,
  asked: GenerationRequest,
  signal = new AbortController().signal,
) {
  const startedMs = performance.now()
  let firstMs: number | undefined
  let text = ''
  let tokens = 0
  for await (const event of engine.generate(asked, signal)) {
    firstMs ??= performance.now() - startedMs
    text += event.text
    tokens = event.usage.tokensOut
  }
  return { text, tokens, firstMs: firstMs ?? 0, durationMs: performance.now() - startedMs }
}

test('answers take the time that the curve says', async () => {
  const expectedMs = unloadedTtftMs(curve, 1000) + 19 * tpotMs(curve, 1, 1010)
  let shortestMs = Infinity
  // A busy machine makes any answer later, and not each of ten.
  for (let i = 0; i < 10; i++) {
    const { firstMs, durationMs, tokens } = await run(backend(), request('x'.repeat(4000), 20))
    expect(tokens).toBe(20)
    expect(firstMs).toBeGreaterThanOrEqual(unloadedTtftMs(curve, 1000) - 2)
    expect(durationMs).toBeGreaterThanOrEqual(expectedMs - 5)
    shortestMs = Math.min(shortestMs, durationMs)
  }
  expect(shortestMs).toBeLessThan(expectedMs * 5)
})

test('load makes every request slower, as on the hardware', async () => {
  const engine = backend()
  const together = await Promise.all(Array.from({ length: 32 }, () => run(engine, request('a', 10))))
  // The first step of whoever comes first is still made alone.
  expect(Math.min(...together.map(({ durationMs }) => durationMs))).toBeGreaterThan(9 * tpotMs(curve, 30, 1))
  expect(9 * tpotMs(curve, 30, 1)).toBeGreaterThan(10 * tpotMs(curve, 1, 1))
})

test('it says that it is simulated, and says the same again', async () => {
  const engine = backend()
  const [first, again] = [await run(engine, request('same', 6)), await run(engine, request('same', 6))]
  expect(first.text).toMatch(/^\[simulated H200x8 fp8\] \w+/)
  expect(again.text).toBe(first.text)
  expect(engine.models[0]).toMatchObject({ simulated: true })
})

test('an answer that another replica began goes on word for word, and says no second time that it is simulated', async () => {
  const chat = (content: string[], tokensOutMax: number, continues: boolean) =>
    request('', tokensOutMax, {
      input: {
        kind: 'chat',
        messages: content.map((text, index) => ({ role: index === 0 ? 'user' : 'assistant', content: text })),
      },
      continues,
    })
  const whole = (await run(backend(), chat(['Where?'], 12, false))).text
  const wholeText = (await run(backend(), request('Where?', 12))).text
  for (const words of [3, 5, 7, 12]) {
    const begun = whole.split(' ').slice(0, words).join(' ')
    const rest = await run(backend(), chat(['Where?', begun], 14 - words, true))
    expect(begun + rest.text).toBe(whole)
    const begunText = wholeText.split(' ').slice(0, words).join(' ')
    const restText = await run(backend(), request(`Where?${begunText}`, 14 - words, { continues: true }))
    expect(begunText + restText.text).toBe(wholeText)
  }
})

test('without a limit an answer is as long as by nature, wherever it goes on', async () => {
  const chat = (begun: string[]) =>
    request('', undefined, {
      input: {
        kind: 'chat',
        messages: [
          { role: 'user', content: 'Where?' },
          ...begun.map((content) => ({ role: 'assistant' as const, content })),
        ],
      },
      continues: begun.length > 0,
    })
  const whole = await run(backend(), chat([]))
  expect(whole.tokens).toBe(256)
  for (const words of [3, 100, 256]) {
    const begun = whole.text.split(' ').slice(0, words).join(' ')
    const rest = await run(backend(), chat([begun]))
    expect(begun + rest.text).toBe(whole.text)
  }
})

test('stop strings, long prompts and cancels behave as on a real engine', async () => {
  const engine = backend()
  const { text } = await run(engine, request('p', 12))
  const stop = text.split(' ')[6] ?? ''
  expect((await run(engine, request('p', 12, { stop: [stop] }))).text).toBe(text.slice(0, text.indexOf(stop)))
  await expect(run(engine, request('x'.repeat(20_000), 5))).rejects.toMatchObject({ httpStatus: 400 })
  await expect(run(engine, request('p', 1000), AbortSignal.timeout(30))).rejects.toThrow('abort')
  expect(engine.load()).toEqual({ running: 0, queued: 0, prefillTokens: 0, contextTokens: 0 })
})

/** Gateways place by it: a prompt that counts whole to its first token keeps others away from an engine that is nearly idle. */
test('what waits is what is left of a prompt, and nothing once it decodes', async () => {
  const engine = createSimulatedBackend({ modelId: 'm', curve, sequences: 4, queueMax: 1 })
  const tokens = 25_000
  const running = run(engine, request('x'.repeat(4 * tokens), 2))
  const left = () => engine.load().prefillTokens ?? 0
  const seen: number[] = []
  while (left() > 0 || seen.length === 0) {
    seen.push(left())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { durationMs } = await running
  expect(seen.length).toBeGreaterThan(durationMs / 200)
  expect(Math.max(...seen)).toBeLessThanOrEqual(tokens)
  expect(seen.filter((count) => count > 0.2 * tokens && count < 0.8 * tokens).length).toBeGreaterThan(0)
  expect(seen).toEqual(seen.toSorted((a, b) => b - a))
})
