/**
 * The measurement: rounds in which every rival gets its turn, first at saturation, then at a quarter of its own, each time
 * beside the upstream alone at the same rate, so that what this machine does meanwhile touches all of them alike.
 */
import { once } from 'node:events'
import { benchModels } from './answer.ts'
import type { LoadCommand, LoadResult } from './load-messages.ts'
import type { Rival, Rivals } from './rivals.ts'
import { medianOf } from './summary.ts'
import type { Sample } from './sample.ts'

export interface Plan {
  readonly rounds: number
  readonly warmMs: number
  readonly measureMs: number
  /** Requests of each kind that every rival has served before it is measured for the first time. */
  readonly warmCount: { readonly request: number; readonly stream: number }
  /** Longest time for that. */
  readonly warmMsMax: number
  /** On a busy machine each measurement may last this long to see enough of it. */
  readonly measureMsMax: number
  readonly countMin: { readonly request: number; readonly stream: number }
  /** No round starts later than this after the first one. */
  readonly totalMsMax: number
}

export const TOKENS = { request: 16, stream: 64 } as const
/** As many under way at once as keep everybody busy. */
const saturated = {
  request: { concurrency: 32, ratePerS: null },
  stream: { concurrency: 160, ratePerS: null },
} as const
/** At a quarter of saturation nobody has this many under way. */
const CONCURRENCY_MAX = 512

type Kind = 'request' | 'stream'

/** Samples of all rounds. Throws when a rival gives an answer that is not the upstream's. */
export async function runRounds(rivals: Rivals, plan: Plan, note: (line: string) => void): Promise<Sample[]> {
  const samples: Sample[] = []
  const [direct] = rivals.all
  if (!direct) throw new Error('nothing to compare with')
  for (const rival of rivals.all) {
    await command(rivals, rival, 'request', plan, { ...saturated.request, warmCount: plan.warmCount.request })
    await command(rivals, rival, 'stream', plan, { ...saturated.stream, warmCount: plan.warmCount.stream })
  }
  const startedMs = performance.now()
  for (let round = 0; round < plan.rounds; round++) {
    if (round > 0 && performance.now() - startedMs > plan.totalMsMax) break
    for (const rival of rivals.all) {
      const request = await command(rivals, rival, 'request', plan, saturated.request)
      const stream = await command(rivals, rival, 'stream', plan, saturated.stream)
      const perSecond = { request: request.count / request.seconds, stream: stream.count / stream.seconds }
      const quarter = async (kind: Kind) => {
        const before = samples.filter(({ name }) => name === rival.name)
        const known = before.map((each) => (kind === 'request' ? each.requestsPerSecond : each.streamsPerSecond))
        return added(rivals, { rival, direct, kind, plan, ratePerS: medianOf([...known, perSecond[kind]]) / 4 })
      }
      const [whole, first] = rival === direct ? [nothing, nothing] : [await quarter('request'), await quarter('stream')]
      samples.push({
        name: rival.name,
        requestsPerSecond: perSecond.request,
        streamsPerSecond: perSecond.stream,
        tokensPerSecond: perSecond.stream * TOKENS.stream,
        cpuUsPerRequest: (request.cpuUs[0] ?? 0) / request.count,
        cpuUsPerStream: (stream.cpuUs[0] ?? 0) / stream.count,
        agentCpuUsPerRequest: (request.cpuUs[1] ?? 0) / request.count,
        agentCpuUsPerStream: (stream.cpuUs[1] ?? 0) / stream.count,
        addedP50Ms: whole.p50Ms,
        addedP99Ms: whole.p99Ms,
        addedTtftP50Ms: first.p50Ms,
        addedTtftP99Ms: first.p99Ms,
      })
      note(`round ${round + 1} of ${plan.rounds}: ${rival.name}`)
    }
  }
  return samples
}

const nothing = { p50Ms: 0, p99Ms: 0 }

async function added(
  rivals: Rivals,
  { rival, direct, kind, plan, ratePerS }: { rival: Rival; direct: Rival; kind: Kind; plan: Plan; ratePerS: number },
) {
  const pace = { concurrency: CONCURRENCY_MAX, ratePerS }
  const alone = await command(rivals, direct, kind, plan, pace)
  const through = await command(rivals, rival, kind, plan, pace)
  const of = kind === 'request' ? ('whole' as const) : ('first' as const)
  return { p50Ms: through[of].p50Ms - alone[of].p50Ms, p99Ms: through[of].p99Ms - alone[of].p99Ms }
}

/** Lets the load generator run. Bounded: it answers soon after its time, or the benchmark ends. */
async function command(
  { load }: Rivals,
  rival: Rival,
  kind: Kind,
  { warmMs, warmMsMax, measureMs, measureMsMax, countMin }: Plan,
  pace: Pick<LoadCommand, 'concurrency' | 'ratePerS'> & { warmCount?: number },
): Promise<LoadResult> {
  const { origin, headers, pids } = rival
  const stream = kind === 'stream'
  const model = stream ? benchModels.paced : benchModels.instant
  const times = { rampMs: 0, warmCount: 0, warmMs, warmMsMax, measureMs, measureMsMax, countMin: countMin[kind] }
  load.process.send({ origin, headers, pids, model, tokens: TOKENS[kind], stream, ...times, ...pace })
  const signal = AbortSignal.timeout(warmMs + warmMsMax + measureMsMax + 40_000)
  const [message] = (await once(load.process, 'message', { signal })) as [{ result?: LoadResult; error?: string }]
  const { result, error } = message
  if (!result) throw new Error(error ?? 'the load generator said nothing')
  if (result.errors > 0) throw new Error(`${rival.name}: ${result.errors} wrong answers, first: ${result.firstError}`)
  if (result.count === 0) throw new Error(`${rival.name}: nothing was answered in time`)
  return result
}
