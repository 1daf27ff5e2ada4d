/**
 * `npm run soak:gateway`: many streams at once on one gateway process, for as long as asked.
 *
 * Each stream's text is compared with the text that the upstream is known to answer with, token by token in order, so that
 * nothing lost, doubled, reordered or mixed up between streams can pass. Memory of gateway and agent is sampled each second,
 * and must not grow.
 * At the end the lane's epoch is closed: the receipts in its file must be as many as the streams. It ends by itself and
 * leaves no process.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestStack } from '@isochrone/local-stack'
import { Command, InvalidArgumentError } from 'commander'
import { benchModels } from './answer.ts'
import { startScript, startServer } from './children.ts'
import type { LoadCommand, LoadResult } from './load-messages.ts'
import { BENCH_KEY, startMarket, type Market } from './market.ts'
import { residentMibOf } from './process-cpu.ts'
import { memoryVerdict, SLOPE_MIB_PER_MINUTE_MAX, slopePerMinute, type MemorySample } from './slope.ts'

const flags = new Command('npm run soak:gateway --')
  .description('Holds many streams open on one gateway and checks every token, every receipt and the memory.')
  .option('--streams <n>', 'streams at once', integerTo(4_000), 2_000)
  .option('--minutes <n>', 'how long', numberTo(120), 10)
  .option('--tokens <n>', 'tokens of each stream', integerTo(100_000), 500)
  .option('--token-ms <n>', 'time between two tokens of a stream', integerTo(10_000), 100)
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ streams: number; minutes: number; tokens: number; tokenMs: number; json?: true }>()

/** A stream that takes longer than this beyond its tokens counts as lost. */
const STREAM_GRACE_MS = 120_000
const SAMPLE_MS = 1_000
/** Placement trusts a new node with a few streams, and with one more for each answer: short ones come first. */
const LEARNING_MS_MAX = 180_000

const stops: (() => Promise<unknown>)[] = []
const stop = async (): Promise<void> => {
  for (const each of stops.splice(0).toReversed()) await each().catch(() => undefined)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void stop().finally(() => process.exit(130)))
}

let failed = true
try {
  const summary = await soak()
  failed = !summary.holds
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : `${JSON.stringify(summary, null, 2)}\n`)
} finally {
  await stop()
}
process.exit(failed ? 1 : 0)

async function soak() {
  const stack = await startTestStack({ postgres: true, redis: true })
  stops.push(() => stack.stop())
  const upstream = await startServer(stack.dir, 'upstream.ts', [String(flags.tokenMs)])
  stops.push(() => upstream.stop())
  const market = await startMarket({ stack, upstreamUrl: upstream.url, capacity: 4_096 })
  stops.push(() => market.stop())
  const load = startScript(stack.dir, 'load.ts')
  stops.push(() => load.stop())

  const run = async (command: LoadCommand): Promise<LoadResult> => {
    load.process.send(command)
    const limitMs = command.measureMsMax + flags.tokens * flags.tokenMs * 4 + STREAM_GRACE_MS
    const [message] = (await once(load.process, 'message', { signal: AbortSignal.timeout(limitMs) })) as [
      { result?: LoadResult; error?: string },
    ]
    if (!message.result) throw new Error(message.error ?? 'the load generator said nothing')
    return message.result
  }
  const command: LoadCommand = {
    origin: market.url,
    headers: { authorization: `Bearer ${BENCH_KEY}` },
    model: benchModels.paced,
    tokens: flags.tokens,
    stream: true,
    concurrency: flags.streams,
    ratePerS: null,
    warmMs: 0,
    warmCount: 0,
    warmMsMax: 0,
    measureMs: flags.minutes * 60_000,
    measureMsMax: flags.minutes * 60_000,
    countMin: 0,
    pids: [market.gateway.pid, market.agent.pid],
  }
  const learning = { concurrency: 16, tokens: 4, measureMs: 100, measureMsMax: LEARNING_MS_MAX }
  const learned = await run({ ...command, ...learning, countMin: Math.ceil(flags.streams * 1.1) })
  const samples: MemorySample[] = []
  const sampling = setInterval(() => samples.push(memoryOf(market)), SAMPLE_MS)
  const { total, errors, firstError, cpuUs, seconds } = await run(command)
  clearInterval(sampling)
  const receipts = await receiptsOf(market)
  // The first streams fill pools and caches: what grows after them grows for ever.
  const settled = samples.slice(Math.floor(samples.length / 3))
  const gatewaySlope = slopePerMinute(settled.map(({ atMs, gatewayMib }) => [atMs, gatewayMib]))
  const agentSlope = slopePerMinute(settled.map(({ atMs, agentMib }) => [atMs, agentMib]))
  const memory = memoryVerdict(flags.minutes, [gatewaySlope, agentSlope])
  return {
    streamsAtOnce: flags.streams,
    minutes: flags.minutes,
    tokensPerStream: flags.tokens,
    streamsWhole: total,
    streamsWrong: errors,
    firstError,
    learningStreams: learned.total,
    receipts,
    gatewayMib: rangeOf(settled.map(({ gatewayMib }) => gatewayMib)),
    agentMib: rangeOf(settled.map(({ agentMib }) => agentMib)),
    gatewaySlopeMibPerMinute: gatewaySlope,
    agentSlopeMibPerMinute: agentSlope,
    slopeMibPerMinuteMax: SLOPE_MIB_PER_MINUTE_MAX,
    memory,
    gatewayCores: (cpuUs[0] ?? 0) / 1e6 / seconds,
    agentCores: (cpuUs[1] ?? 0) / 1e6 / seconds,
    holds: errors + learned.errors === 0 && receipts === total + learned.total && memory !== 'grows',
  }
}

function memoryOf({ gateway, agent }: Market): MemorySample {
  return { atMs: performance.now(), gatewayMib: residentMibOf(gateway.pid), agentMib: residentMibOf(agent.pid) }
}

/** Receipts of all epochs of the run: the lane closes large ones early by itself. */
async function receiptsOf(market: Market): Promise<number> {
  await market.closeEpoch()
  await sleep(500)
  const response = await fetch(`${market.url}/v1/epochs?limit=100`)
  const { data } = (await response.json()) as { data: { fromSeq: number; toSeq: number }[] }
  return data.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0)
}

function rangeOf(values: readonly number[]): { min: number; max: number } {
  return { min: Math.round(Math.min(...values)), max: Math.round(Math.max(...values)) }
}

function integerTo(max: number): (value: string) => number {
  return (value) => {
    const parsed = Number(value)
    if (!Number.isSafeInteger(parsed) || parsed < 1 || parsed > max) throw new InvalidArgumentError(`1 to ${max}`)
    return parsed
  }
}

function numberTo(max: number): (value: string) => number {
  return (value) => {
    const parsed = Number(value)
    if (!(parsed > 0 && parsed <= max)) throw new InvalidArgumentError(`above 0, at most ${max}`)
    return parsed
  }
}
