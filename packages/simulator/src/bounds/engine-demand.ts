/**
 * What requests take of each replica's time by `step-weights.ts`, and how much time each has between its faults.
 *
 * Of a request that is due after a stretch whose prompt is due inside it, the prompt alone takes s·p: it was prefilled
 * there, whatever became of the rest.
 */
import { declaredEngine, type GpuClass } from '../fleet/engine-time.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimReplica } from '../sim-types.ts'
import type { BoundProblem } from './bound-problem.ts'
import type { BoundWindows } from './bound-windows.ts'
import type { EngineDemand } from './certify.ts'
import type { PiecesDemand } from './pieces.ts'
import { stepWeights, type StepChoice, type StepWeights } from './step-weights.ts'
import { upTimeMs, type KnownFaults } from './up-time.ts'

/** All give true bounds: the one under which the requests take most of the fleet is used. */
const tilts = [0, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]
const idleShares = [0, 0.003, 0.01, 0.03, 0.1]
/** Requests by which it is chosen, at equal distances. */
const sampleSize = 500

/** Ms of each request on a replica of some class and speed. */
interface ReplicaWork {
  weights: StepWeights
  wholeMs: Float64Array
  promptMs: Float64Array
  paceMs: Float64Array
}

export interface EngineWork {
  /** Of each class at usual speed: what the LP's groups are made of. */
  usualMs: Record<GpuClass, Float64Array>
  byReplica: ReplicaWork[]
  /** By how much more than `speed` times `usualMs` all requests take on each replica. */
  speedLoss: Float64Array
  pieces: Omit<PiecesDemand, 'paceMs'>
}

export function engineWork(problem: BoundProblem, fleet: readonly SimReplica[], market: Market): EngineWork {
  const choice = bestChoice(problem, fleet, market)
  const known = new Map<string, ReplicaWork>()
  const workOf = (gpuClass: GpuClass, speed: number) => {
    const key = `${gpuClass} ${speed}`
    const work = known.get(key) ?? replicaWork(problem, gpuClass, speed, market, choice)
    known.set(key, work)
    return work
  }
  const usual = (gpuClass: GpuClass) => workOf(gpuClass, 1).wholeMs
  const byReplica = fleet.map(({ gpuClass, speed }) => workOf(gpuClass, speed))
  return {
    usualMs: { H200: usual('H200'), B200: usual('B200'), B300: usual('B300') },
    byReplica,
    speedLoss: Float64Array.from(
      fleet,
      ({ gpuClass, speed }) => sum(workOf(gpuClass, speed).wholeMs) / (speed * sum(usual(gpuClass))),
    ),
    pieces: piecesOf(byReplica, fleet, market),
  }
}

function piecesOf(work: readonly ReplicaWork[], fleet: readonly SimReplica[], { slo }: Market): EngineWork['pieces'] {
  const earlyMs = work.map(({ weights }) => weights.earlyMs).filter((ms) => ms > 0)
  if (earlyMs.length === 0) return { lateShares: [0, 0], evenness: 1 }
  const [least, greatest] = [Math.min(...earlyMs), Math.max(...earlyMs)]
  const shortestMs = Math.min(...fleet.map(({ declared, speed }) => speed * declared.tpotBaseMs))
  const lateShare = (ms: number) => (slo.tpotMs - shortestMs) / (slo.tpotMs - shortestMs + ms)
  return { lateShares: [lateShare(greatest), lateShare(least)], evenness: least / greatest }
}

/** Time that each replica is up in each stretch, ms, at stretch × replicas + replica. */
export function upTimes({ stretches }: BoundWindows, fleet: readonly SimReplica[], faults: KnownFaults): Float64Array {
  return Float64Array.from(
    stretches.flatMap(({ fromMs, lengthMs }) =>
      fleet.map(({ index }) => upTimeMs(faults, index, fromMs, fromMs + lengthMs)),
    ),
  )
}

export function engineDemand({ byReplica, pieces }: EngineWork, capacityMs: Float64Array): EngineDemand {
  return {
    capacityMs,
    factor: new Float64Array(byReplica.length).fill(1),
    wholeMs: byReplica.map(({ wholeMs }) => wholeMs),
    promptMs: byReplica.map(({ promptMs }) => promptMs),
    pieces: { ...pieces, paceMs: byReplica.map(({ paceMs }) => paceMs) },
  }
}

/** The same for all replicas, or pieces of a stream would gain by going from one to another. */
function bestChoice(problem: BoundProblem, fleet: readonly SimReplica[], market: Market): StepChoice {
  const stride = Math.ceil(problem.count / sampleSize)
  const sample = Array.from({ length: Math.ceil(problem.count / stride) }, (_, n) => n * stride)
  let [best, most] = [{ tilt: 0, idleShare: 0 }, 0]
  for (const tilt of tilts) {
    for (const idleShare of idleShares) {
      const takes = fleet.reduce((ms, { gpuClass, speed }) => {
        const takesOf = timeOf(problem, gpuClass, speed, weightsOf(gpuClass, speed, market, { tilt, idleShare }))
        return ms + sample.reduce((total, i) => total + takesOf(i), 0)
      }, 0)
      if (takes > most) [best, most] = [{ tilt, idleShare }, takes]
    }
  }
  return best
}

function replicaWork(
  problem: BoundProblem,
  gpuClass: GpuClass,
  speed: number,
  market: Market,
  choice: StepChoice,
): ReplicaWork {
  const weights = weightsOf(gpuClass, speed, market, choice)
  const tokenOf = tokenMsOf(problem, gpuClass)
  const { prefillMsPerToken } = declaredEngine(gpuClass)
  const each = (ms: (i: number) => number) => Float64Array.from({ length: problem.count }, (_, i) => ms(i))
  return {
    weights,
    wholeMs: each(timeOf(problem, gpuClass, speed, weights)),
    promptMs: each((i) => speed * prefillMsPerToken * (problem.tokensIn[i] as number)),
    paceMs: each((i) => (weights.decode - speed) * tokenOf(i) * ((problem.tokensOut[i] as number) - 1)),
  }
}

/** Ms that each request takes of a replica's time by these weights. */
export function timeOf(problem: BoundProblem, gpuClass: GpuClass, speed: number, weights: StepWeights) {
  const { decode, prompt, idleTokenMs } = weights
  const { prefillMsPerToken } = declaredEngine(gpuClass)
  const tokenOf = tokenMsOf(problem, gpuClass)
  return (i: number) => {
    const tokensOut = problem.tokensOut[i] as number
    const promptMs = prefillMsPerToken * (problem.tokensIn[i] as number)
    const alone = speed * promptMs + idleTokenMs * tokensOut
    return (speed + decode * (tokensOut - 1)) * tokenOf(i) + Math.min(prompt * promptMs, alone)
  }
}

/** β of a request's stream, declared ms. */
function tokenMsOf({ workMs, tokensIn, tokensOut }: BoundProblem, gpuClass: GpuClass) {
  const { prefillMsPerToken } = declaredEngine(gpuClass)
  const work = workMs[gpuClass]
  return (i: number) => ((work[i] as number) - prefillMsPerToken * (tokensIn[i] as number)) / (tokensOut[i] as number)
}

function weightsOf(gpuClass: GpuClass, speed: number, { slo, engine }: Market, choice: StepChoice): StepWeights {
  const { prefillChunkTokens } = engine
  return stepWeights({ engine: declaredEngine(gpuClass), speed, tpotSloMs: slo.tpotMs, prefillChunkTokens }, choice)
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
