/** Limits of size, time, rate and room, as every client meets them: typed, with headers, and a `retry-after` that is true. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { hello } from './ask-chat.ts'
import type { ConformanceCase } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'
import { refuses } from './error-cases.ts'
import { CHAT, mustBe, ofResponse, refusesAll, send, tell, type Ask, type Told } from './refusals.ts'

const MIB = 1024 * 1024
const TIMEOUT = 'x-isochrone-timeout-ms'
/** More requests than any limit here lets through at once. */
const ASKED_MAX = 40
/** Of a request that is to run beside another. */
const TRIES_MAX = 100
const TRY_MS = 100
/** What stands between the clocks of two processes, ms. */
const SLACK_MS = 100

type Provoke = (world: ConformanceWorld, told: (ask: Ask) => Promise<Told | null>) => Promise<Told>

/** Asks until it is refused. */
const askTooOften =
  (tenant: string): Provoke =>
  async ({ model }, told) => {
    for (let asked = 0; asked < ASKED_MAX; asked++) {
      const refusal = await told({ tenant, model, content: 'Hi', body: { max_tokens: 60 } })
      if (refusal) return refusal
    }
    throw new Error('never refused')
  }

/** `x-ratelimit-…` of what was exceeded: hardly anything is left, and it says when it is whole again. */
function mustCount(told: Told, what: 'requests' | 'tokens', limit: number, leftMax: number): void {
  assert.equal(told.header(`x-ratelimit-limit-${what}`), String(limit))
  assert.ok(Number(told.header(`x-ratelimit-remaining-${what}`)) <= leftMax)
  assert.match(told.header(`x-ratelimit-reset-${what}`) ?? '', /^(\d+ms|[\d.]+s|\d+m\d+s)$/)
}

/** Who comes back when it was told to is let in. */
const comesBack = (feature: string, provoke: Provoke, again: (world: ConformanceWorld) => Ask): ConformanceCase => ({
  area: 'errors',
  feature: `${feature}: let in after \`retry-after\``,
  client: 'fetch',
  mode: 'whole',
  async run(world) {
    const refusal = await provoke(world, (ask) => tell(world, 'fetch', 'whole', ask))
    await sleep(Number(refusal.header('retry-after')) * 1_000 + SLACK_MS)
    assert.equal(await tell(world, 'fetch', 'whole', again(world)), null)
  },
})

/** The stream of a request; what ran before it on the same place may still be ending. */
async function begun(world: ConformanceWorld, ask: Ask): Promise<Response> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const running = await send(world, 'stream', ask)
    if (running.status === 200) return running
    await running.body?.cancel()
    await sleep(TRY_MS)
  }
  throw new Error('never begun')
}

/** While another request of the tenant, of some seconds, is under way. */
const beside =
  (first: (world: ConformanceWorld) => Ask, second: (world: ConformanceWorld) => Ask): Provoke =>
  async (world, told) => {
    const running = await begun(world, first(world))
    const refusal = await told(second(world))
    await running.body?.cancel()
    assert.ok(refusal, 'it was not refused')
    return refusal
  }

const requestsOver: Provoke = async (world, told) => {
  const refusal = await askTooOften('slow')(world, told)
  mustCount(refusal, 'requests', 6, 0)
  return refusal
}
const tokensOver: Provoke = async (world, told) => {
  const refusal = await askTooOften('brief')(world, told)
  mustCount(refusal, 'tokens', 200, 199)
  return refusal
}
const oneAtOnce = beside(
  ({ model }) => ({ tenant: 'lone', model, content: 'TALK' }),
  ({ model }) => ({ tenant: 'lone', model, content: 'Hi' }),
)
const noSlack = beside(
  ({ narrowModel }) => ({ model: narrowModel, content: 'TALK' }),
  ({ narrowModel }) => ({ model: narrowModel, content: 'Hi', body: { routing: { ttft_slo_ms: 300 } } }),
)
/** Of a scripted server that says a word each 250 ms. */
const WORDS = 24

const over = (bytes: number) => 'a '.repeat(bytes / 2)

/** By path, what no context holds, and the field that is to be shortened: the limit that was sent, or else the prompt. */
const tooLong: readonly [path: string, param: string, body: Record<string, unknown>][] = [
  [CHAT, 'max_tokens', { messages: hello, max_tokens: 1_000_000 }],
  [CHAT, 'max_completion_tokens', { messages: hello, max_tokens: 1, max_completion_tokens: 1_000_000 }],
  ['/v1/completions', 'max_tokens', { prompt: 'Hi', max_tokens: 1_000_000, max_completion_tokens: 1 }],
  ['/v1/completions', 'prompt', { prompt: over(200_000) }],
  ['/v1/responses', 'max_output_tokens', { input: 'Hi', max_output_tokens: 1_000_000 }],
  ['/v1/responses', 'input', { input: over(200_000) }],
  ['/v1/embeddings', 'input', { input: over(200_000) }],
]

export const limitCases: readonly ConformanceCase[] = [
  ...refusesAll('body over 10 MiB', { status: 413, code: 'payload_too_large' }, ({ model }, told) =>
    told({ model, content: over(10 * MIB) }),
  ),
  {
    area: 'errors',
    feature: 'body over 10 MiB whose length is not told: 413 `payload_too_large`',
    client: 'fetch',
    mode: 'whole',
    proves: ['payload_too_large'],
    async run({ url, apiKey, fetch }) {
      const body = new Blob([over(11 * MIB)]).stream()
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
      const response = await fetch(`${url}${CHAT}`, { method: 'POST', headers, body, duplex: 'half' })
      mustBe(await ofResponse(response), { status: 413, code: 'payload_too_large' })
    },
  },
  ...refusesAll(
    'prompt longer than the context',
    { status: 400, code: 'context_length_exceeded', param: 'messages' },
    ({ model }, told) => told({ model, content: over(200_000) }),
  ),
  ...tooLong.map(([path, param, body]) =>
    refuses(
      `\`${path}\`, longer than the context, names \`${param}\``,
      { status: 400, code: 'context_length_exceeded', param },
      ({ post, model }) => post(path, { model, ...body }),
    ),
  ),
  ...refusesAll(
    `\`${TIMEOUT}\` is over before the first token`,
    { status: 504, code: 'deadline_exceeded', param: TIMEOUT },
    ({ model }, told) => told({ model, content: 'SLOW', headers: { [TIMEOUT]: '300' } }),
  ),
  ...refusesAll('more requests a minute than allowed', { status: 429, code: 'rate_limit_exceeded' }, requestsOver),
  comesBack('more requests a minute than allowed', requestsOver, ({ model }) => ({
    tenant: 'slow',
    model,
    content: 'Hi',
  })),
  ...refusesAll(
    'more tokens a minute than allowed',
    { status: 429, code: 'rate_limit_exceeded', type: 'tokens' },
    tokensOver,
  ),
  comesBack('more tokens a minute than allowed', tokensOver, ({ model }) => ({
    tenant: 'brief',
    model,
    content: 'Hi',
    body: { max_tokens: 60 },
  })),
  ...refusesAll('more requests at once than allowed', { status: 429, code: 'rate_limit_exceeded' }, oneAtOnce),
  comesBack('more requests at once than allowed', oneAtOnce, ({ model }) => ({
    tenant: 'lone',
    model,
    content: 'Hi',
  })),
  ...refusesAll(
    'no node has room within the target asked for',
    { status: 503, code: 'capacity_unavailable' },
    async (world, told) => {
      const refusal = await noSlack(world, told)
      assert.notEqual(refusal.header('retry-after'), null)
      return refusal
    },
  ),
  {
    area: 'errors',
    feature: 'no node has room: served after `retry-after`, and never told to stay away for much longer than it takes',
    client: 'fetch',
    mode: 'whole',
    async run(world) {
      const model = world.narrowModel
      const running = await begun(world, { model, content: 'TALK', body: { max_tokens: WORDS } })
      let endedMs = Infinity
      const ended = running.text().then(() => (endedMs = performance.now()))
      let [refused, waitMs] = [0, 0]
      for (;;) {
        const told = await tell(world, 'fetch', 'whole', {
          model,
          content: 'Hi',
          body: { routing: { ttft_slo_ms: 300 } },
        })
        if (!told) break
        refused++
        waitMs = Number(told.header('retry-after')) * 1_000
        await sleep(waitMs)
      }
      const servedMs = performance.now()
      await ended
      assert.ok(refused > 0, 'it was refused at first')
      assert.ok(servedMs - endedMs < waitMs + 2_000, `told to stay away for ${servedMs - endedMs} ms too long`)
    },
  },
]
