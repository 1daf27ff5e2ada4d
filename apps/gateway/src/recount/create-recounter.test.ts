/** With the thread and a tokenizer of a real form; time is told by hand, so that no test waits for the watchdog. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@isochrone/runtime'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Recounted } from '../lane/record-recount.ts'
import { createRecounter, type Recounter } from './create-recounter.ts'

const dir = mkdtempSync(join(tmpdir(), 'recount-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const MODEL = `0x${'a1'.repeat(32)}`
/** One token a letter. Its pattern backtracks for ever at a long run of `a` that does not end the text. */
const tokenizerJson = {
  version: '1.0',
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'Split', pattern: { Regex: '(?:a+)+$' }, behavior: 'Isolated', invert: false },
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', unk_token: '?', vocab: { '?': 0, a: 1, b: 2, c: 3 }, merges: [] },
}
const HANGS = `${'a'.repeat(60)}b`

function modelAt(hash: string, recount?: string): void {
  mkdirSync(join(dir, hash), { recursive: true })
  writeFileSync(join(dir, hash, 'tokenizer.json'), JSON.stringify(tokenizerJson))
  if (recount !== undefined) writeFileSync(join(dir, hash, 'recount.json'), recount)
}

let recorded: Recounted[]
let events: string[]
let recounter: Recounter

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  modelAt(MODEL)
  recorded = []
  events = []
  recounter = createRecounter({
    dir,
    logger: createLogger('test', 'silent'),
    counted: (event) => events.push(event),
    lane: {
      recordRecount: (recount) => {
        recorded.push(recount)
        return Promise.resolve('agrees')
      },
    },
  })
})
afterEach(async () => {
  await recounter.stop()
  vi.useRealTimers()
})

function offer(text: string, { modelHash = MODEL, fields = {} }: { modelHash?: string; fields?: object } = {}): void {
  const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: 'ab' }], ...fields }))
  const request = { model: 'm', path: '/v1/chat/completions', body }
  const ctx = { requestId: text, requestIdHash: MODEL, organisation: { orgId: 'org' }, request }
  const result = { target: { modelHash }, seen: { intent: { attempt: 0, nodeId: MODEL } } }
  recounter.offer(ctx as never, { result, completed: { priceMicroUsd: 9n, tokensOut: 40 } } as never, text)
}

test('an answer at which the tokenizer hangs is lost, and what waits behind it is counted', async () => {
  offer(HANGS)
  for (const text of ['ab', 'abc', 'b']) offer(text)
  await vi.advanceTimersByTimeAsync(30_000)
  await recounter.idle()
  expect(events).toEqual(['skipped', 'agrees', 'agrees', 'agrees'])
  expect(recorded.map(({ requestId, countedOut }) => [requestId, countedOut])).toEqual([
    ['ab', 2],
    ['abc', 3],
    ['b', 1],
  ])
})

test('a thread with nothing to count is not watched, and stays', async () => {
  offer('ab')
  await recounter.idle()
  expect(vi.getTimerCount()).toBe(0)
  offer('abc')
  expect(vi.getTimerCount()).toBe(1)
  await recounter.idle()
  expect(vi.getTimerCount()).toBe(0)
  expect(events).toEqual(['agrees', 'agrees'])
})

test('an operator may say how long a template is; one who says it wrongly has nothing recounted', async () => {
  const longer = `0x${'a2'.repeat(32)}`
  const wrong = `0x${'a3'.repeat(32)}`
  modelAt(longer, '{"templateTokensMax":900}')
  modelAt(wrong, '{"templateTokens":900}')
  offer('ab')
  offer('ab', { modelHash: longer })
  offer('ab', { modelHash: wrong })
  await recounter.idle()
  expect(events.toSorted()).toEqual(['agrees', 'agrees', 'unknown'])
  const [plain = 0, said = 0] = recorded.map(({ tokensInMax }) => tokensInMax ?? 0)
  expect(said - plain).toBe(900 - 128)
})

/** 40 were billed for one token of text. */
test('neither work without text nor a stop sequence that was cut off is held against the node', async () => {
  offer('b')
  offer('b', { fields: { ignore_eos: true } })
  offer('b', { fields: { stop: 'bc'.repeat(20) } })
  await recounter.idle()
  expect(recorded.map(({ tokensOutMax }) => tokensOutMax)).toEqual([1, null, 40])
})
