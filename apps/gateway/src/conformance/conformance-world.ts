/**
 * What the cases run against: a gateway process with two real agents, one on the demo model, one in front of the scripted
 * server; and a second gateway in this process whose nodes fail on demand, for the errors that healthy parts never give.
 */
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import OpenAI from 'openai'
import { startGatewayWorld, WORLD_KEY } from '../testing/gateway-world.ts'
import { startScriptedUpstream, UPSTREAM_MODEL, type ScriptedUpstream } from './scripted-upstream.ts'

export interface ConformanceWorld {
  url: string
  apiKey: string
  /** Served by the scripted server behind a real agent. */
  model: string
  /** Served by the built-in engine. */
  demoModel: string
  openai: OpenAI
  compatible: ReturnType<typeof createOpenAICompatible>
  aiOpenai: ReturnType<typeof createOpenAI>
  upstream: ScriptedUpstream
  /** `fetch` with the key; `body` is sent as JSON unless it is text. */
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
  stop(): Promise<void>
}

/** Resolves when both nodes are linked. */
export async function startConformanceWorld(): Promise<ConformanceWorld> {
  const upstream = await startScriptedUpstream()
  const world = await startGatewayWorld(2, 100_000_000n)
  await world.startGateway()
  world.startAgent(0, ['--engine', 'openai', '--engine-url', upstream.url])
  world.startAgent(1, ['--engine', 'llama', '--context', '2048', '--models-dir', `${world.stack.dir}/models`])
  await world.linked(2)
  const baseURL = `${world.url}/v1`
  const openai = new OpenAI({ apiKey: WORLD_KEY, baseURL, maxRetries: 0 })
  const models = (await openai.models.list()).data.map(({ id }) => id)
  const demoModel = models.find((id) => id !== UPSTREAM_MODEL)
  if (demoModel === undefined) throw new Error('the demo model is not served')
  return {
    url: world.url,
    apiKey: WORLD_KEY,
    model: UPSTREAM_MODEL,
    demoModel,
    openai,
    compatible: createOpenAICompatible({
      name: 'isochrone',
      apiKey: WORLD_KEY,
      baseURL,
      includeUsage: true,
      supportsStructuredOutputs: true,
    }),
    aiOpenai: createOpenAI({ apiKey: WORLD_KEY, baseURL }),
    upstream,
    post: (path, body, headers = {}) =>
      fetch(`${world.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${WORLD_KEY}`, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async stop() {
      await world.stop()
      await upstream.close()
    },
  }
}
