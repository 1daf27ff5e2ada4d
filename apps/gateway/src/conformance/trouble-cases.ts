/** Limits, residency, time and failure: the errors that healthy parts with money and time left do not give. */
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { createSealingKeyPair, newSealedId, sealRequest } from '@isochrone/protocol/sealed'
import { hello } from './ask-chat.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'
import { refuses } from './error-cases.ts'
import { refusesAll } from './refusals.ts'
import { SLOW_MS } from './scripted-upstream.ts'

const chat = '/v1/chat/completions'
const say = (content: string) => [{ role: 'user' as const, content }]
const TIMEOUT = 'x-isochrone-timeout-ms'

/**
 * A stream of two words whose time, in ms, is over after them. A busy machine may say nothing in that time, which is
 * another case's 504: then it is given twice as long, up to half of what the engine pauses.
 */
async function streamOverIn(ms: number, openai: OpenAI, model: string) {
  try {
    return await openai.chat.completions.create(
      { model, messages: say('PAUSE'), stream: true },
      { headers: { [TIMEOUT]: String(ms) } },
    )
  } catch (error) {
    if (ms * 2 > SLOW_MS / 2 || !(error instanceof OpenAI.APIError) || error.status !== 504) throw error
    return streamOverIn(ms * 2, openai, model)
  }
}

/** A sealed request with something changed: in what is sealed, in the keys, in what is sent. */
async function sealedBy(
  { model, post }: ConformanceWorld,
  { sealed = {}, clear = {}, keys }: { sealed?: object; clear?: object; keys?: string[] } = {},
): Promise<object> {
  const said = { model, stream: false, max_tokens: 16 }
  const list = (await (await post('/v1/sealed/candidates', { model, max_tokens: 16 })).json()) as {
    data: { key: { public_key: string } }[]
  }
  const header = {
    v: 1 as const,
    id: newSealedId(),
    at: Date.now(),
    path: '/v1/chat/completions' as const,
    routing: null,
  }
  const { envelope } = await sealRequest(
    { ...header, ...said, keys: keys ?? list.data.map(({ key }) => key.public_key), ...sealed },
    JSON.stringify({ ...said, messages: hello }),
  )
  return { ...said, sealed: envelope, ...clear }
}

export const troubleCases: readonly ConformanceCase[] = [
  ...refusesAll(
    'outside the residency, with the gateways inside it',
    { status: 421, code: 'wrong_gateway' },
    async ({ model }, told) => {
      const refusal = await told({ tenant: 'outside', model, content: 'Hi' })
      assert.ok(Array.isArray(refusal?.gateways))
      return refusal
    },
  ),
  ...refusesAll('no money left', { status: 429, code: 'insufficient_quota' }, ({ model }, told) =>
    told({ tenant: 'poor', model, content: 'Hi' }),
  ),
  ...refusesAll('the key’s budget is spent', { status: 429, code: 'insufficient_quota' }, async ({ model }, told) => {
    const refusal = await told({ tenant: 'thrifty', model, content: 'Hi' })
    assert.match(refusal?.message ?? '', /budget of \$0\.000001 for each month.* renews at \d{4}-\d\d-01 00:00 UTC/)
    return refusal
  }),
  {
    area: 'errors',
    feature: `\`${TIMEOUT}\` is over: an error frame, no \`[DONE]\``,
    client: 'openai',
    mode: 'stream',
    proves: ['deadline_exceeded'],
    async run({ openai, model }) {
      const stream = await streamOverIn(1_500, openai, model)
      let text = ''
      const reading = (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      })()
      await assert.rejects(reading, (error) => error instanceof OpenAI.APIError && error.code === 'deadline_exceeded')
      assert.equal(text, 'one two')
    },
  },
  {
    area: 'errors',
    feature: "the client's own `timeout`",
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const asking = openai.chat.completions.create({ model, messages: say('SLOW') }, { timeout: 300 })
      await assert.rejects(asking, OpenAI.APIConnectionTimeoutError)
    },
  },
  refuses(
    'sealed to no node that is here',
    { status: 400, code: 'sealed_key_unknown', param: 'sealed' },
    async (world) => {
      const { publicKey } = await createSealingKeyPair()
      return world.post(chat, await sealedBy(world, { keys: [publicKey] }))
    },
  ),
  refuses('sealed too long ago', { status: 400, code: 'sealed_expired' }, async (world) =>
    world.post(chat, await sealedBy(world, { sealed: { at: Date.now() - 660_000 } })),
  ),
  refuses('sealed, and sent twice', { status: 400, code: 'sealed_replayed' }, async (world) => {
    const body = await sealedBy(world)
    assert.equal((await world.post(chat, body)).status, 200)
    return world.post(chat, body)
  }),
  refuses(
    'sealed, and changed on the way',
    { status: 400, code: 'sealed_altered', param: 'max_tokens' },
    async (world) => world.post(chat, await sealedBy(world, { clear: { max_tokens: 17 } })),
  ),
  refuses('the node says nothing', { status: 504, code: 'provider_timeout' }, ({ other, model }) =>
    other.post(chat, { model, messages: say('SLOW') }),
  ),
  // The last one of the second gateway.
  refuses(
    'the gateway stops before the end',
    { status: 500, code: 'internal_error' },
    async ({ other, model, upstream }) => {
      const before = upstream.received.length
      const answer = other.post(chat, { model, messages: say('TALK'), max_tokens: 48 })
      while (upstream.received.length === before) await new Promise((resolve) => setTimeout(resolve, 20))
      other.stop()
      return await answer
    },
  ),
]
