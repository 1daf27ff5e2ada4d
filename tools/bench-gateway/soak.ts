/**
 * `npm run soak:gateway`: many streams at once on one gateway process, for as long as asked.
 *
 * Each stream's text is compared with the text that the upstream is known to answer with, token by token in order, so that
 * nothing lost, doubled, reordered or mixed up between streams can pass. What gateway and agent keep in memory is read each
 * minute, after a collection of garbage, and must not grow: nor may what they hold of the machine's at that moment.
 * Streams are opened over the time that one of them takes, as streams of different people are: none ends with the others.
 * The lane's epoch is closed each minute, as a worker does it, and at the end: the receipts of all epochs must be as many as
 * the streams. It ends by itself and leaves no process.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, inspect, startTestStack, type Inspected, type KeptMemory } from '@isochrone/local-stack'
import { watchMachine, whole } from '@isochrone/runtime'
import { Command, InvalidArgumentError } from 'commander'
import { benchModels } from './answer.ts'
import { startScript, startServer } from './children.ts'
import type { LoadCommand, LoadResult } from './load-messages.ts'
import { BENCH_KEY, startMarket, type Market } from './market.ts'
import { residentMibOf } from './process-cpu.ts'
import { memoryVerdict, SLOPE_MIB_PER_MINUTE_MAX, slopePerMinute } from './slope.ts'

const flags = new Command('npm run soak:gateway --')
  .description('Holds many streams open on one gateway and checks every token, every receipt and the memory.')
  .option('--streams <n>', 'streams at once', whole(1, 4_000), 2_000)
  .option('--minutes <n>', 'how long', numberTo(120), 10)
  .option('--tokens <n>', 'tokens of each stream', whole(1, 100_000), 500)
  .option('--token-ms <n>', 'time between two tokens of a stream', whole(1, 10_000), 100)
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ streams: number; minutes: number; tokens: number; tokenMs: number; json?: true }>()

/** A stream that takes longer than this beyond its tokens counts as lost. */
const STREAM_GRACE_MS = 120_000
const SAMPLE_MS = 1_000
/** Both sides keep an epoch's receipts until it is closed, so their memory says nothing while one stays open. */
const EPOCH_MS = 60_000
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
  const machineNow = watchMachine()
  const stack = await startTestStack({ postgres: true, redis: true })
  stops.push(() => stack.stop())
  const upstream = await startServer(stack.dir, 'upstream.ts', [String(flags.tokenMs)])
  stops.push(() => upstream.stop())
  const ports = [await freePort(), await freePort()] as const
  const nodeArgs = { gateway: [`--inspect=127.0.0.1:${ports[0]}`], agent: [`--inspect=127.0.0.1:${ports[1]}`] }
  const market = await startMarket({ stack, upstreamUrl: upstream.url, capacity: 4_096, nodeArgs })
  stops.push(() => market.stop())
  const [gateway, agent] = [await inspect(ports[0]), await inspect(ports[1])]
  stops.push(async () => [gateway, agent].forEach((inspected) => inspected.close()))
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
    rampMs: flags.tokens * flags.tokenMs,
    warmMs: 0,
    warmCount: 0,
    warmMsMax: 0,
    measureMs: flags.minutes * 60_000,
    measureMsMax: flags.minutes * 60_000,
    countMin: 0,
    pids: [market.gateway.pid, market.agent.pid],
  }
  const learning = { concurrency: 16, tokens: 1, rampMs: 0, measureMs: 100, measureMsMax: LEARNING_MS_MAX }
  const learned = await run({ ...command, ...learning, countMin: Math.ceil(flags.streams * 1.1) })
  const peaks = { gatewayMib: 0, agentMib: 0 }
  const sampling = setInterval(() => notePeaks(peaks, market), SAMPLE_MS)
  const minutes: Minute[] = []
  const everyMinute = setInterval(() => void endMinute(market, gateway, agent, minutes).catch(noteMinute), EPOCH_MS)
  const { total, errors, firstError, cpuUs, seconds } = await run(command)
  clearInterval(sampling)
  clearInterval(everyMinute)
  const receipts = await receiptsOf(market)
  // The first streams fill pools and caches: what grows after them grows for ever.
  const settled = minutes.slice(Math.floor(minutes.length / 3))
  const slopeOf = (of: (minute: Minute) => number) => slopePerMinute(settled.map((minute) => [minute.atMs, of(minute)]))
  const slopes = {
    gatewayLive: slopeOf((minute) => minute.gateway.liveMib),
    gatewayResident: slopeOf((minute) => minute.gateway.residentMib),
    agentLive: slopeOf((minute) => minute.agent.liveMib),
    agentResident: slopeOf((minute) => minute.agent.residentMib),
  }
  const memory = memoryVerdict(settled.length, Object.values(slopes))
  return {
    streamsAtOnce: flags.streams,
    minutes: flags.minutes,
    tokensPerStream: flags.tokens,
    streamsWhole: total,
    streamsWrong: errors,
    firstError,
    learningStreams: learned.total,
    receipts,
    peakResidentMib: { gateway: Math.round(peaks.gatewayMib), agent: Math.round(peaks.agentMib) },
    keptMib: {
      gateway: rangesOf(settled.map((minute) => minute.gateway)),
      agent: rangesOf(settled.map((minute) => minute.agent)),
    },
    slopesMibPerMinute: slopes,
    slopeMibPerMinuteMax: SLOPE_MIB_PER_MINUTE_MAX,
    memory,
    gatewayCores: (cpuUs[0] ?? 0) / 1e6 / seconds,
    agentCores: (cpuUs[1] ?? 0) / 1e6 / seconds,
    machine: machineNow(),
    holds: errors + learned.errors === 0 && receipts === total + learned.total && memory !== 'grows',
  }
}

interface Minute {
  readonly atMs: number
  readonly gateway: KeptMemory
  readonly agent: KeptMemory
}

/** Closes the lane's epoch, as a worker does it, and reads what is kept then. */
async function endMinute(market: Market, gateway: Inspected, agent: Inspected, minutes: Minute[]): Promise<void> {
  await market.closeEpoch()
  const [ofGateway, ofAgent] = [await gateway.keptMemory(), await agent.keptMemory()]
  minutes.push({ atMs: performance.now(), gateway: ofGateway, agent: ofAgent })
}

/** What is not closed now is closed the next time; the count of receipts at the end tells whether all were. */
function noteMinute(error: unknown): void {
  process.stderr.write(`A minute was not ended: ${error instanceof Error ? error.message : String(error)}\n`)
}

function notePeaks(peaks: { gatewayMib: number; agentMib: number }, { gateway, agent }: Market): void {
  peaks.gatewayMib = Math.max(peaks.gatewayMib, residentMibOf(gateway.pid))
  peaks.agentMib = Math.max(peaks.agentMib, residentMibOf(agent.pid))
}

/** Receipts of all epochs of the run: the lane closes large ones early by itself. */
async function receiptsOf(market: Market): Promise<number> {
  await market.closeEpoch()
  await sleep(500)
  const response = await fetch(`${market.url}/v1/epochs?limit=100`)
  const { data } = (await response.json()) as { data: { fromSeq: number; toSeq: number }[] }
  return data.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0)
}

function rangesOf(kept: readonly KeptMemory[]) {
  const range = (values: readonly number[]) => ({
    min: Math.round(Math.min(...values)),
    max: Math.round(Math.max(...values)),
  })
  return {
    live: range(kept.map(({ liveMib }) => liveMib)),
    resident: range(kept.map(({ residentMib }) => residentMib)),
  }
}

function numberTo(max: number): (value: string) => number {
  return (value) => {
    const parsed = Number(value)
    if (!(parsed > 0 && parsed <= max)) throw new InvalidArgumentError(`above 0, at most ${max}`)
    return parsed
  }
}
