/**
 * What the cases run against: a gateway process with three real agents, one on the demo model, two in front of scripted
 * servers, the second of them with one place, and what places queued jobs; and a second gateway process for the errors that a
 * healthy one never gives: it has little patience, its store is in another country, and it may be stopped. Tenants: `slow` may
 * send six requests a minute, `brief` use 200 tokens a minute, `lone` have one request at once, `poor` has no money, the key of
 * `thrifty` has a budget of 1 µUSD a month, `inside` and `outside` want to be served where the gateways are and where they are not.
 */
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import OpenAI from 'openai'
import { addTenant } from '../reliability/market.ts'
import { startGatewayWorld, WORLD_KEY } from '../testing/gateway-world.ts'
import { startScriptedUpstream, UPSTREAM_MODEL, type ScriptedUpstream } from './scripted-upstream.ts'
import { watchErrors, type SeenErrors } from './watch-errors.ts'

export interface ConformanceWorld {
  url: string
  apiKey: string
  /** Served by the scripted server behind a real agent. */
  model: string
  /** Served by the built-in engine. */
  demoModel: string
  /** Served by another scripted server, one request at a time. */
  narrowModel: string
  openai: OpenAI
  /** The clients of another tenant. */
  clientsOf: (tenant: string) => Clients
  /** Notes what is answered as an error, and nothing else. */
  fetch: typeof fetch
  /** What the gateways answered as errors to any of these clients. */
  errors: SeenErrors
  compatible: Clients['compatible']
  aiOpenai: ReturnType<typeof createOpenAI>
  upstream: ScriptedUpstream
  /** Has Postgres hold a job's row while `work` runs. */
  holdJob: <T>(jobId: string, work: () => Promise<T>) => Promise<T>
  /** `fetch` with the key; `body` is sent as JSON unless it is text. */
  post: Post
  get: (path: string) => Promise<Response>
  /** The second gateway; `stop` tells it to (SIGTERM). */
  other: { post: Post; stop: () => void }
  stop(): Promise<void>
}

export interface Clients {
  openai: OpenAI
  compatible: ReturnType<typeof createOpenAICompatible>
}

type Post = (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>

const COUNTRY = 'NL'
/** Of a node that is admitted and never linked. */
export const AWAY_COUNTRY = 'CL'
const MONEY = 1_000_000_000n
const NARROW_MODEL = 'scripted-narrow'
/** The second gateway takes a node for dead after it, ms: no node is silent so long for want of the processor. */
const SILENCE_MS = 4_000
/** The second gateway stops after it, ms. */
const DRAIN_MS = 1_000
/** Longer than a gateway waits for a row. */
const HOLD_MS_MAX = 30_000

/** Resolves when both nodes are linked. */
export async function startConformanceWorld(): Promise<ConformanceWorld> {
  const upstream = await startScriptedUpstream()
  const narrow = await startScriptedUpstream(NARROW_MODEL)
  const world = await startGatewayWorld(4, 100_000_000n)
  await world.db.node.update({ where: { id: 'node_2' }, data: { country: AWAY_COUNTRY } })
  await addTenant(world, 'slow', { limitMicroUsd: MONEY, requestsPerMinuteMax: 6 })
  await addTenant(world, 'brief', { limitMicroUsd: MONEY, tokensPerMinuteMax: 200 })
  await addTenant(world, 'lone', { limitMicroUsd: MONEY, concurrentRequestsMax: 1 })
  await addTenant(world, 'poor', { limitMicroUsd: 0n })
  await addTenant(world, 'thrifty', { limitMicroUsd: MONEY, keyBudgetMicroUsd: 1n })
  await addTenant(world, 'inside', { limitMicroUsd: MONEY, routing: { regions: [COUNTRY] } })
  await addTenant(world, 'outside', { limitMicroUsd: MONEY, routing: { regions: ['FR'] } })
  const place = { GATEWAY_COUNTRY: COUNTRY, STORE_COUNTRY: COUNTRY }
  const impatient = { ATTEMPT_SILENCE_MS: String(SILENCE_MS), GATEWAY_DRAIN_MS: String(DRAIN_MS) }
  const [, second] = await Promise.all([
    world.startGateway(0, place),
    world.startGateway(1, { ...place, ...impatient, STORE_COUNTRY: 'FR' }),
  ])
  const both = [world.urlOf(0), world.urlOf(1)]
  world.startAgent(0, ['--engine', 'openai', '--engine-url', upstream.url], both)
  world.startAgent(1, ['--engine', 'llama', '--context', '2048', '--models-dir', `${world.stack.dir}/models`], both)
  world.startAgent(3, ['--engine', 'openai', '--engine-url', narrow.url, '--capacity', '1'], both)
  world.startPlacing([world.url])
  await Promise.all([world.linked(3), world.linked(3, 1)])
  const baseURL = `${world.url}/v1`
  const { errors, fetch } = watchErrors()
  const clientsWith = (apiKey: string): Clients => ({
    openai: new OpenAI({ apiKey, baseURL, maxRetries: 0, fetch }),
    compatible: createOpenAICompatible({
      name: 'isochrone',
      apiKey,
      baseURL,
      includeUsage: true,
      supportsStructuredOutputs: true,
      fetch,
    }),
  })
  const { openai, compatible } = clientsWith(WORLD_KEY)
  const models = (await openai.models.list()).data.map(({ id }) => id)
  const demoModel = models.find((id) => id !== UPSTREAM_MODEL && id !== NARROW_MODEL)
  if (demoModel === undefined) throw new Error('the demo model is not served')
  return {
    url: world.url,
    apiKey: WORLD_KEY,
    model: UPSTREAM_MODEL,
    demoModel,
    narrowModel: NARROW_MODEL,
    openai,
    compatible,
    aiOpenai: createOpenAI({ apiKey: WORLD_KEY, baseURL, fetch }),
    clientsOf: (tenant) => clientsWith(`iso_${tenant}`),
    errors,
    fetch,
    upstream,
    holdJob: (jobId, work) =>
      world.db.$transaction(
        async (tx) => {
          await tx.$queryRaw`select 1 as one from job where id = ${jobId} for update`
          return await work()
        },
        { timeout: HOLD_MS_MAX },
      ),
    post: postTo(world.url, fetch),
    get: (path) => fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${WORLD_KEY}` } }),
    other: { post: postTo(world.urlOf(1), fetch), stop: () => void second.kill('SIGTERM') },
    async stop() {
      await world.stop()
      await Promise.all([upstream.close(), narrow.close()])
    },
  }
}

const postTo =
  (url: string, send: typeof fetch): Post =>
  (path, body, headers = {}) =>
    send(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
