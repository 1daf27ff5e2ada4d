/** Everything that the load generator is pointed at, with the processes whose CPU counts for it. */
import { join } from 'node:path'
import { freePort, startTestStack } from '@isochrone/local-stack'
import { projectRoot } from '../project-root.ts'
import { answers, startProgram, startScript, startServer, type Child } from './children.ts'
import { BENCH_KEY, startMarket } from './market.ts'

export const rivalNames = ['direct', 'bare', 'portkey', 'isochrone'] as const
export type RivalName = (typeof rivalNames)[number]

export interface Rival {
  readonly name: RivalName
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
  /** The gateway first; ours has the agent behind it. */
  readonly pids: readonly number[]
}

export interface Rivals {
  readonly all: readonly Rival[]
  readonly load: Child
  readonly upstream: Child
  readonly dir: string
  stop(): Promise<void>
}

const AGENT_CAPACITY = 1_024
const TOKEN_MS = 2

/** Starts all of it. What was started is stopped again when something does not start. */
export async function startRivals(profile: boolean): Promise<Rivals> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).toReversed()) await each().catch(() => undefined)
  }
  try {
    const stack = await startTestStack({ postgres: true, redis: true })
    stops.push(() => stack.stop())
    const { dir } = stack
    const upstream = await startServer(dir, 'upstream.ts', [String(TOKEN_MS)])
    stops.push(() => upstream.stop())
    const bare = await startServer(dir, 'bare-proxy.ts', [upstream.url])
    stops.push(() => bare.stop())
    const portkey = await startPortkey(dir)
    stops.push(() => portkey.stop())
    const profiled = (name: string) =>
      profile ? ['--cpu-prof', '--cpu-prof-dir', join(projectRoot, '.data', name)] : []
    const nodeArgs = { gateway: profiled('profile-gateway'), agent: profiled('profile-agent') }
    const market = await startMarket({ stack, upstreamUrl: upstream.url, capacity: AGENT_CAPACITY, nodeArgs })
    stops.push(() => market.stop())
    const load = startScript(dir, 'load.ts')
    stops.push(() => load.stop())
    const key = { authorization: `Bearer ${BENCH_KEY}` }
    const portkeyHeaders = { ...key, 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `${upstream.url}/v1` }
    return {
      all: [
        { name: 'direct', origin: upstream.url, headers: key, pids: [] },
        { name: 'bare', origin: bare.url, headers: key, pids: [bare.pid] },
        { name: 'portkey', origin: portkey.url, headers: portkeyHeaders, pids: [portkey.pid] },
        { name: 'isochrone', origin: market.url, headers: key, pids: [market.gateway.pid, market.agent.pid] },
      ],
      load,
      upstream,
      dir,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startPortkey(dir: string) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = await startProgram({
    name: 'portkey',
    dir,
    program: join(projectRoot, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
    args: [`--port=${port}`, '--headless'],
    env: { NODE_ENV: 'production' },
    isReady: () => answers(url),
  })
  return { ...running, url }
}
