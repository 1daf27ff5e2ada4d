/**
 * What tenants notice of another one that sends a hundred times its share: their time to the first token. Rounds follow one
 * another so that the machine's own moods meet all alike: without that tenant; with its share sent to the gateway and the rest to
 * a server that knows nothing; and with all of it sent to the gateway. Its share is its right, and delays whoever meets it at a
 * node; both of the latter have it, and both have what the machine makes of so much sending (all share its cores). What the third
 * has more than the second is what its flood does to others.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { childEnv } from '@isochrone/runtime'
import { startGatewayWorld } from '../testing/gateway-world.ts'
import { ask, sleep, type Seen } from './client.ts'
import type { FloodOrder, FloodSeen } from './flood-process.ts'
import { addTenant } from './market.ts'

/** Each tenant's share: its limit. */
const SHARE_PER_SECOND = 8
const FLOOD = 100
export const QUIET_TENANTS = 4
const kinds = ['alone', 'control', 'flooded'] as const
type Kind = (typeof kinds)[number]
/** First tokens of the quiet tenants, ms. */
export interface Times {
  requests: number
  p50: number
  p99: number
}

export interface Isolation {
  alone: Times
  control: Times
  flooded: Times
  /** p99 with the flood sent here over p99 with only its share sent here, less 1. */
  moved: number
  /** The same over p99 without that tenant: its share, and what the machine's cores had to give, are in it. */
  movedFromAlone: number
  /** Requests of the quiet tenants that were not answered with 200, by kind of round and error. */
  quietRefused: Record<string, number>
  flood: FloodSeen
  /** What the loud tenant was to send. */
  floodWanted: number
}

export interface IsolationPlan {
  /** Equal ones. */
  nodes: number
  rounds: number
  roundMs: number
  /** Told of each round. */
  note?: (line: string) => void
}

/** Postgres, Redis, a gateway, agents and the flood as processes; ends them all. */
export async function measureIsolation({ nodes, rounds, roundMs, note }: IsolationPlan): Promise<Isolation> {
  const world = await startGatewayWorld(nodes, 1_000_000n)
  const sink = start('sink-process.ts')
  try {
    world.redis.on('error', () => undefined)
    const settings = { limitMicroUsd: 1_000_000_000n, requestsPerMinuteMax: SHARE_PER_SECOND * 60 }
    const names = Array.from({ length: QUIET_TENANTS }, (_, index) => `quiet${index}`)
    const quiet = await Promise.all(names.map((name) => addTenant(world, name, settings)))
    const loud = await addTenant(world, 'loud', settings)
    await world.startGateway()
    for (let index = 0; index < nodes; index++)
      world.startAgent(index, ['--engine', 'simulated', '--gpu', 'H200', '--capacity', '64'])
    await world.linked(nodes)
    const [sinkUrl] = (await once(createInterface({ input: sink.stdout ?? process.stdin }), 'line')) as [string]
    const headers = { authorization: `Bearer ${loud.key}` }
    const models = (await (await fetch(`${world.url}/v1/models`, { headers })).json()) as { data: { id: string }[] }
    const body = {
      model: models.data[0]?.id ?? '',
      stream: true,
      max_tokens: 8,
      messages: [{ role: 'user', content: 'How far is the moon? '.repeat(40) }],
    }
    const flood: FloodSeen = { sent: 0, statuses: {}, heldBack: 0 }
    const quietRefused: Record<string, number> = {}

    const round = async (kind: Kind): Promise<number[]> => {
      const excessUrl = kind === 'control' ? sinkUrl : world.url
      const flooding =
        kind === 'alone'
          ? []
          : [
              startFlood({ url: world.url, key: loud.key, body, perSecond: SHARE_PER_SECOND }),
              startFlood({ url: excessUrl, key: loud.key, body, perSecond: SHARE_PER_SECOND * (FLOOD - 1) }),
            ]
      const until = performance.now() + roundMs
      const asking = quiet.map(({ key }, index) => askSteadily(world.url, key, body, index / QUIET_TENANTS, until))
      const times = (await Promise.all(asking)).flat()
      for (const ended of flooding) {
        const seen = await ended()
        if (kind !== 'flooded') continue
        flood.sent += seen.sent
        flood.heldBack += seen.heldBack
        for (const [status, n] of Object.entries(seen.statuses))
          flood.statuses[status] = (flood.statuses[status] ?? 0) + n
      }
      for (const { status, errorCode } of times) {
        if (status === 200) continue
        const name = `${kind} ${status} ${errorCode ?? ''}`.trim()
        quietRefused[name] = (quietRefused[name] ?? 0) + 1
      }
      const served = times.filter(({ status }) => status === 200).map(({ ttftMs }) => ttftMs)
      const { p50, p99 } = timesOf(served)
      note?.(
        `${kind}: ${served.length} of ${times.length} served, first token p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`,
      )
      return served
    }

    // The first ones teach the gateway what the node can do.
    await round('alone')
    const all: Record<Kind, number[]> = { alone: [], control: [], flooded: [] }
    for (let i = 0; i < rounds; i++) for (const kind of kinds) all[kind].push(...(await round(kind)))
    const [alone, control, flooded] = [timesOf(all.alone), timesOf(all.control), timesOf(all.flooded)]
    return {
      alone,
      control,
      flooded,
      moved: flooded.p99 / control.p99 - 1,
      movedFromAlone: flooded.p99 / alone.p99 - 1,
      quietRefused,
      flood,
      floodWanted: FLOOD * SHARE_PER_SECOND * ((rounds * roundMs) / 1_000),
    }
  } finally {
    sink.kill('SIGKILL')
    await world.stop()
  }
}

function start(file: string): ChildProcess {
  const entry = fileURLToPath(new URL(file, import.meta.url))
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
    env: childEnv({}),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

interface Flooding {
  url: string
  key: string
  body: object
  perSecond: number
}

/** Ends the flood when called, and says what came of it. */
function startFlood({ url, key, body, perSecond }: Flooding): () => Promise<FloodSeen> {
  const child = start('flood-process.ts')
  const said = text(child.stdout ?? process.stdin)
  const { hostname: host, port } = new URL(url)
  const json = JSON.stringify(body)
  const lines = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: ${host}`,
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(json)}`,
  ]
  const bytes = `${lines.join('\r\n')}\r\n\r\n${json}`
  const order: FloodOrder = { host, port: Number(port), perSecond, bytes }
  child.stdin?.write(`${JSON.stringify(order)}\n`)
  return async () => {
    child.stdin?.end()
    return JSON.parse(await said) as FloodSeen
  }
}

/** At 0.8 of its share, whatever comes back. */
async function askSteadily(url: string, key: string, body: Record<string, unknown>, phase: number, until: number) {
  const under: Promise<Pick<Seen, 'status' | 'errorCode' | 'ttftMs'>>[] = []
  const everyMs = 1_000 / (SHARE_PER_SECOND * 0.8)
  const startedAt = performance.now() + phase * everyMs
  for (let i = 0; performance.now() < until; i++) {
    await sleep(Math.max(0, startedAt + i * everyMs - performance.now()))
    under.push(ask({ url, key, body }).then(({ status, errorCode, ttftMs }) => ({ status, errorCode, ttftMs })))
  }
  return await Promise.all(under)
}

function timesOf(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { requests: sorted.length, p50: at(0.5), p99: at(0.99) }
}
