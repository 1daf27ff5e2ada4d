import { createLogger } from '@isochrone/runtime'
import type { EngineReport } from '@isochrone/protocol'
import { afterEach, expect, test } from 'vitest'
import { EngineAnswers } from './engine-answers.ts'
import { EngineFailure, type EngineCall, type EngineDriver, type EngineEvent } from './engine-driver.ts'

const logger = createLogger('test', 'silent')
const running: EngineAnswers[] = []
afterEach(async () => {
  for (const answers of running.splice(0)) await answers.close()
})

const token: EngineEvent = { type: 'chunk', chunk: {}, tokens: 1, usage: undefined }
const about = (...models: string[]): EngineReport => ({
  name: 'vLLM',
  version: null,
  concurrencyMax: 1,
  models: models.map((model) => ({
    model,
    modelHash: `0x${'1'.repeat(64)}`,
    hashOf: 'owner',
    fileName: null,
    fileBytes: null,
    memoryMib: null,
    answer: null,
  })),
})

/** Asks an engine that does what `answer` says; `calls` are those that reached it. */
function asked(answer: (call: EngineCall) => void, models = ['a'], health: { fault: string | null } | null = null) {
  const calls: EngineCall[] = []
  const start: EngineDriver['start'] = async function* (call) {
    calls.push(call)
    answer(call)
    yield token
  }
  const driver: EngineDriver = { kind: 'openai', models: async () => [], start, close: async () => {} }
  const answers = new EngineAnswers({
    engine: { driver, engineModelOf: (model) => `engine ${model}`, about: about(...models) },
    health: health && { ...health, onChange: () => () => false },
    logger,
    retryMs: 10,
  })
  running.push(answers)
  const told: unknown[] = []
  answers.onChange(() => told.push(answers.report.models.map(({ answer }) => answer)))
  answers.start()
  return { answers, calls, told }
}
const said = ({ report }: EngineAnswers) => report.models.map(({ answer }) => answer)
const refuse = (message: string) => {
  throw new EngineFailure('rejected', message, { httpStatus: 400 })
}

test('each model is asked once, under the engine’s own name for it', async () => {
  const { answers, calls, told } = asked(() => {}, ['a', 'b'])
  expect(said(answers)).toEqual([null, null])
  await expect.poll(() => told.length).toBe(2)
  expect(said(answers)).toEqual([{ firstTokenMs: expect.any(Number) }, { firstTokenMs: expect.any(Number) }])
  expect(calls.map(({ path, body }) => [path, body.model])).toEqual([
    ['/v1/chat/completions', 'engine a'],
    ['/v1/chat/completions', 'engine b'],
  ])
})

test('a model that has no chat is asked by the next protocol', async () => {
  const { answers, calls } = asked(({ path }) => path !== '/v1/embeddings' && refuse('no chat template'))
  await expect.poll(() => said(answers)[0]).toMatchObject({ firstTokenMs: expect.any(Number) })
  expect(calls.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/completions', '/v1/embeddings'])
})

test('an engine that fails is asked again until it answers, and each change is told once', async () => {
  let failures = 3
  const { answers, told } = asked(() => {
    if (failures-- > 0) throw new EngineFailure('died', 'out of memory')
  })
  await expect.poll(() => said(answers)[0]).toMatchObject({ firstTokenMs: expect.any(Number) })
  expect(told).toEqual([[{ error: 'out of memory' }], [{ firstTokenMs: expect.any(Number) }]])
})

test('one that refuses every protocol is reported with what it said to the first', async () => {
  const { answers } = asked(({ path }) => refuse(`no ${path}`))
  await expect.poll(() => said(answers)[0]).toEqual({ error: 'no /v1/chat/completions' })
})

/** What once answered and is gone now is not listed as answering. */
test('while the engine refuses connections no model answers', async () => {
  let fault: string | null = null
  const calls: EngineCall[] = []
  const driver: EngineDriver = {
    kind: 'openai',
    models: async () => [],
    async *start(call) {
      calls.push(call)
      yield token
    },
    close: async () => {},
  }
  const answers = new EngineAnswers({
    engine: { driver, engineModelOf: (model) => model, about: about('a') },
    health: {
      get fault() {
        return fault
      },
      onChange: () => () => false,
    },
    logger,
  })
  running.push(answers)
  answers.start()
  await expect.poll(() => said(answers)[0]).toMatchObject({ firstTokenMs: expect.any(Number) })
  fault = 'The engine refuses connections.'
  expect(said(answers)).toEqual([{ error: fault }])
})
