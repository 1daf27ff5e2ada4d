import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineReport } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import OpenAI, { BadRequestError, NotFoundError } from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoModelId } from '../gguf/demo-model.ts'
import { ensureDemoModel } from '../gguf/ensure-demo-model.ts'
import { EngineAnswers } from './engine-answers.ts'
import type { EngineBackend } from './engine-backend.ts'
import { EngineFailure, type EngineDriver, type EngineUsage } from './engine-driver.ts'
import { createLlamaBackend } from './llama-backend.ts'
import { createOpenAiDriver } from './openai-driver.ts'
import { serveOpenAi, type EngineServer } from './serve-openai.ts'
import { startEngine } from './start-engine.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-engine-'))
const sequences = 16
const queueMax = 4
let backend: EngineBackend
let server: EngineServer
let driver: EngineDriver
let client: OpenAI

beforeAll(async () => {
  const model = await ensureDemoModel(directory)
  backend = await createLlamaBackend({
    modelPath: model.path,
    modelId: demoModelId,
    modelHash: model.modelHash,
    note: 'test',
    sequences,
    queueMax,
    contextTokensMax: 2048,
  })
  server = await serveOpenAi(backend)
  driver = createOpenAiDriver({ baseUrl: server.url })
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(async () => {
  await driver?.close()
  await server?.close()
  await rm(directory, { recursive: true })
})

const ask = (content: string, more: object = {}) => ({
  model: demoModelId,
  messages: [{ role: 'user' as const, content }],
  max_tokens: 24,
  ...more,
})
const idle = () =>
  expect
    .poll(() => backend.load(), { timeout: 20_000 })
    .toEqual({ running: 0, queued: 0, prefillTokens: 0, contextTokens: 0 })

async function collect(body: Record<string, unknown>, signal = new AbortController().signal) {
  let text = ''
  let tokens = 0
  let usage: EngineUsage | undefined
  for await (const event of driver.start({ path: '/v1/chat/completions', body }, signal)) {
    if (event.type === 'usage') usage = event.usage
    else {
      tokens += event.tokens
      const [choice] = event.chunk.choices as [{ delta: { content?: string } }]
      text += choice.delta.content ?? ''
    }
  }
  return { text, tokens, usage }
}

test('a model file that is broken is named with what is wrong, and loading tells how far it is', async () => {
  const modelSource = join(directory, 'broken.gguf')
  await writeFile(modelSource, Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(1_000, 0xab)]))
  const percents: number[] = []
  const config = { kind: 'llama', modelSource, modelId: undefined, contextTokensMax: 64 } as const
  await expect(startEngine(config, 1, directory, 0, (percent) => percents.push(percent))).rejects.toThrow(
    `the model file ${modelSource} cannot be loaded: `,
  )
  expect(percents).toContain(50)
})

test('the official client streams text, and usage equals the tokens streamed', async () => {
  const stream = await client.chat.completions.create({
    ...ask('Where is the river?'),
    stream: true,
    stream_options: { include_usage: true },
  })
  let pieces = 0
  let finish: string | null = null
  let usage: OpenAI.CompletionUsage | null | undefined
  for await (const chunk of stream) {
    const [choice] = chunk.choices
    if (choice?.delta.content) pieces += 1
    finish = choice?.finish_reason ?? finish
    usage = chunk.usage ?? usage
  }
  expect(finish).toBe('length')
  expect(pieces).toBe(24)
  expect(usage?.completion_tokens).toBe(24)
  expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + 24)
})

test('the whole answer says the same as the stream at temperature 0', async () => {
  const whole = await client.chat.completions.create(ask('Say it twice', { temperature: 0 }))
  const streamed = await collect(ask('Say it twice', { temperature: 0 }))
  expect(streamed.text).toBe(whole.choices[0]?.message.content)
  expect(streamed.text).toMatch(/^[ a-z,.]+$/)
  expect(streamed.tokens).toBe(whole.usage?.completion_tokens)
  expect(streamed.usage?.tokensOut).toBe(streamed.tokens)
})

/** OpenAI takes it, as the narrowest there is. */
test('top_p 0 leaves the likeliest token alone', async () => {
  const greedy = (await collect(ask('Roll', { temperature: 0 }))).text
  for (const seed of [1, 2, 3]) {
    expect((await collect(ask('Roll', { temperature: 2, top_p: 0, seed }))).text).toBe(greedy)
  }
})

test('a seed gives the same sample again, another seed another one', async () => {
  const [first, second, other] = [
    await collect(ask('Roll', { temperature: 1, seed: 7 })),
    await collect(ask('Roll', { temperature: 1, seed: 7 })),
    await collect(ask('Roll', { temperature: 1, seed: 8 })),
  ]
  expect(second.text).toBe(first.text)
  expect(other.text).not.toBe(first.text)
})

test('sixteen requests run at once and each is answered in full', async () => {
  let most = 0
  const watch = setInterval(() => (most = Math.max(most, backend.load().running)), 1)
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, i) => collect(ask(`Question ${i}`, { max_tokens: 400, seed: i }))),
  )
  clearInterval(watch)
  expect(answers.map((answer) => answer.tokens)).toEqual(Array.from({ length: 16 }, () => 400))
  expect(most).toBe(16)
  await idle()
})

test('a prompt that was seen before is reported as cached', async () => {
  const prompt = 'the patient auditor follows them both with a lamp and a long pencil '.repeat(4)
  await collect(ask(prompt))
  const { usage } = await collect(ask(prompt))
  expect(usage?.tokensCached).toBe((usage?.tokensIn ?? 0) - 1)
})

test('a stop string ends the answer and never appears in it', async () => {
  const { text } = await collect(ask('Stop here', { temperature: 0, max_tokens: 64 }))
  const stop = text.slice(20, 26)
  const stopped = await collect(ask('Stop here', { temperature: 0, max_tokens: 64, stop }))
  expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)))
  expect(stopped.tokens).toBe(stopped.usage?.tokensOut)
})

test('a conversation that ends with the assistant is continued', async () => {
  const { text } = await collect(ask('Go on', { temperature: 0, max_tokens: 16 }))
  const head = text.slice(0, text.lastIndexOf(' '))
  const body = {
    ...ask('', { temperature: 0, max_tokens: 1 }),
    messages: [
      { role: 'user', content: 'Go on' },
      { role: 'assistant', content: head },
    ],
  }
  expect(head + (await collect(body)).text).toBe(text)
})

test('a cancel reaches the engine and frees its sequence', async () => {
  const aborter = new AbortController()
  const events = driver.start({ path: '/v1/chat/completions', body: ask('Long', { max_tokens: 1900 }) }, aborter.signal)
  await events.next()
  await events.next()
  expect(backend.load().running).toBe(1)
  aborter.abort()
  await expect(events.next()).rejects.toMatchObject({ name: 'EngineFailure', reason: 'aborted' })
  await idle()
})

test('a client that disconnects frees the sequence', async () => {
  const stream = await client.chat.completions.create({ ...ask('Long', { max_tokens: 1900 }), stream: true })
  for await (const chunk of stream) {
    expect(chunk.model).toBe(demoModelId)
    break
  }
  await idle()
})

test('more than the queue holds is refused with 429, and the rest is answered', async () => {
  const all = await Promise.allSettled(
    Array.from({ length: sequences + queueMax + 5 }, () => collect(ask('Crowd', { max_tokens: 400 }))),
  )
  const refused = all.filter((result) => result.status === 'rejected')
  expect(refused.length).toBe(5)
  for (const { reason } of refused) expect(reason).toMatchObject({ reason: 'overloaded', httpStatus: 429 })
  await idle()
})

test('a prompt longer than the context is refused with 400', async () => {
  const failure = await collect(ask('x '.repeat(5000))).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(EngineFailure)
  expect(failure).toMatchObject({ reason: 'rejected', httpStatus: 400, code: 'context_length_exceeded' })
})

test('an answer never runs past the context', async () => {
  const { usage } = await collect(ask('word '.repeat(900), { max_tokens: 5000 }))
  expect((usage?.tokensIn ?? 0) + (usage?.tokensOut ?? 0)).toBe(2048)
})

test('an answer without a limit ends by itself or with the context', async () => {
  const { max_tokens: _none, ...unlimited } = ask('word '.repeat(500), { temperature: 0 })
  const named = await collect(ask('word '.repeat(500), { temperature: 0, max_tokens: 5000 }))
  const { text, usage } = await collect(unlimited)
  expect(usage?.tokensOut).toBeGreaterThan(256)
  expect([text, usage?.tokensOut]).toEqual([named.text, named.usage?.tokensOut])
})

test.each([
  [{ messages: [] }, 'messages'],
  [{ temperature: 9 }, 'temperature'],
  [{ max_tokens: 0 }, 'max_tokens'],
  [{ n: 2 }, 'n'],
])('a malformed body is refused naming the field: %j', async (change, param) => {
  const body = { ...ask('x'), ...change } as OpenAI.ChatCompletionCreateParamsNonStreaming
  const error = await client.chat.completions.create(body).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error).toMatchObject({ param })
})

test('an unknown model is not found', async () => {
  const error = await client.chat.completions
    .create({ ...ask('x'), model: 'gpt-none' })
    .catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(NotFoundError)
})

test('completions work like chat', async () => {
  const answer = await client.completions.create({ model: demoModelId, prompt: 'the river', max_tokens: 5 })
  expect(answer.usage?.completion_tokens).toBe(5)
  expect(answer.choices[0]?.text.length).toBeGreaterThan(0)
})

test('the model list says what is served', async () => {
  expect(await driver.models()).toEqual([
    {
      id: demoModelId,
      modelHash: backend.models[0]?.modelHash,
      contextTokens: 2048,
      simulated: false,
      ownedBy: 'isochrone',
      features: ['chat', 'completions', 'seed', 'continuation'],
    },
  ])
})

/** A provider sees whether it fits before anybody is sold it. */
test('the engine says what it is, which file it read and what it takes, and answers when it is asked', async () => {
  const config = { kind: 'llama', modelSource: undefined, modelId: undefined, contextTokensMax: 512 } as const
  const [small, large] = [await startEngine(config, 1, directory), await startEngine(config, 8, directory)]
  const answers = new EngineAnswers({ engine: small, health: null, logger: createLogger('test', 'silent') })
  try {
    const [model] = small.about.models
    expect(engineReport.parse(small.about)).toMatchObject({
      name: 'llama.cpp',
      version: expect.stringMatching(/^\S+$/),
    })
    expect(model).toMatchObject({ modelHash: small.models[0]?.modelHash, hashOf: 'file', answer: null })
    expect(model?.fileName).toMatch(/\.gguf$/)
    const fileMib = (model?.fileBytes ?? 0) / 2 ** 20
    expect(fileMib).toBeGreaterThan(0)
    // Weights and context, and more of it for more requests at once.
    expect(model?.memoryMib).toBeGreaterThanOrEqual(Math.floor(fileMib))
    expect(large.about.models[0]?.memoryMib).toBeGreaterThan(model?.memoryMib ?? Infinity)
    answers.start()
    await expect.poll(() => answers.report.models[0]?.answer).toEqual({ firstTokenMs: expect.any(Number) })

    // The same engine behind a URL, as a server of the provider's own.
    const outside = { kind: 'openai', baseUrl: `${small.url}/v1`, apiKey: undefined, engineModel: undefined } as const
    const more = { modelId: undefined, modelHash: undefined, contextTokensMax: 512 }
    const external = await startEngine({ ...outside, ...more }, 4, directory)
    expect(external.about).toMatchObject({
      name: 'llama.cpp',
      version: small.about.version,
      concurrencyMax: 4,
      models: [{ modelHash: model?.modelHash, hashOf: 'engine', memoryMib: null }],
    })
    await external.close()
  } finally {
    await answers.close()
    await small.close()
    await large.close()
  }
})
