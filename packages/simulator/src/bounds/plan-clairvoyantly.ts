/**
 * A feasible assignment by somebody who knows the future: how far above the bound good placement has to be.
 *
 * Requests are placed in order of arrival, each where price plus the LP's toll for engine time is least and its time is
 * still free; then, pass by pass, each is moved to the cheapest replica that has room for it. It knows arrivals, lengths,
 * true speeds, outages and slow windows; it splits no request and uses no time twice.
 */
import type { FaultPlan } from '../run/plan-faults.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'
import { boundProblem, costMicroUsd, type BoundInput } from './bound-problem.ts'
import { boundWindows } from './bound-windows.ts'
import { capacityOf } from './certify.ts'
import { groupRequests } from './group-requests.ts'
import { SlotBook } from './slot-book.ts'
import { solveAssignment } from './solve-assignment.ts'

export interface ClairvoyantInput extends BoundInput {
  /** Round trips by gateway and replica, ms. */
  rttMs: readonly Float64Array[]
  faults: Pick<FaultPlan, 'outages' | 'slowWindows'>
  /** Share of each replica's time for work that may be promised, below 1 to leave room for chance. */
  headroom: number
}

export interface ClairvoyantPlan {
  /** Replica of each request, by its place in the input. */
  replicaOf: Int32Array
  /** Requests for which no replica had room: they go where most is left. */
  crowded: number
  usd: number
  /** Moves that the passes made. */
  moves: number
}

const passes = 3

export async function planClairvoyantly(input: ClairvoyantInput): Promise<ClairvoyantPlan> {
  const { requests, fleet, market, rttMs } = input
  const problem = boundProblem(input)
  const costs = (i: number) => fleet.map((replica) => costMicroUsd(problem, i, replica))
  const tolls = await engineTolls(input, problem)
  const book = new SlotBook(fleet, market.slo.tpotMs, problem.lastDueMs, input.headroom, input.faults)
  const replicaOf = new Int32Array(requests.length).fill(-1)
  const reach = (request: SimRequest, r: number) => (rttMs[request.gateway] as Float64Array)[r] as number
  const fits = (request: SimRequest, r: number) => {
    const ms = reach(request, r)
    // Two steps go by before the first token, and half a round trip after it.
    const byMs = request.arriveMs + request.ttftSloMs - ms / 2 - 2 * market.slo.tpotMs
    return book.fits(request, r, request.arriveMs + ms / 2, byMs)
  }
  const at = (request: SimRequest, r: number) => request.arriveMs + reach(request, r) / 2
  let crowded = 0
  for (const [i, request] of requests.entries()) {
    const cost = costs(i)
    const full = fleet.map(
      ({ gpuClass }, r) => (cost[r] as number) + (tolls[r] as number) * (problem.workMs[gpuClass][i] as number),
    )
    const best = firstFitting(full, (r) => fits(request, r))
    if (best < 0) crowded += 1
    const chosen = best < 0 ? indexOfLeast(fleet.map((_, r) => -book.roomFrom(r, request.arriveMs))) : best
    book.add(request, chosen, at(request, chosen))
    replicaOf[i] = chosen
  }
  let moves = 0
  for (let pass = 0; pass < passes; pass++) {
    const before = moves
    for (const [i, request] of requests.entries()) {
      const cost = costs(i)
      const now = replicaOf[i] as number
      const cheaper = cost.map((value) => (value < (cost[now] as number) ? value : Infinity))
      const better = firstFitting(cheaper, (r) => fits(request, r))
      if (better < 0) continue
      book.remove(request, now, at(request, now))
      book.add(request, better, at(request, better))
      replicaOf[i] = better
      moves += 1
    }
    if (moves === before) break
  }
  const usd = replicaOf.reduce((sum, r, i) => sum + costMicroUsd(problem, i, fleet[r] as SimReplica) / 1e6, 0)
  return { replicaOf, crowded, usd, moves }
}

/** The LP's price of each replica's engine time, µUSD per ms at declared speed; 0 where it has time to spare. */
async function engineTolls({ fleet }: BoundInput, problem: ReturnType<typeof boundProblem>): Promise<Float64Array> {
  const windows = boundWindows(problem, Infinity)
  const capacityMs = capacityOf(windows, problem.workShare)
  const solved = await solveAssignment(fleet, groupRequests(problem, windows, fleet), windows, capacityMs)
  return Float64Array.from(fleet, ({ speed }, r) => {
    const ofStretch = windows.stretches.map((_, s) => solved?.lambda[s * fleet.length + r] ?? 0)
    return ofStretch.reduce((a, b) => a + b, 0) * speed * 1e6
  })
}

/** The place with the least finite value that passes, or −1. */
function firstFitting(values: readonly number[], passes: (at: number) => boolean): number {
  const left = values.slice()
  for (let tries = 0; tries < values.length; tries++) {
    const at = indexOfLeast(left)
    if (left[at] === Infinity) return -1
    if (passes(at)) return at
    left[at] = Infinity
  }
  return -1
}

function indexOfLeast(values: readonly number[]): number {
  let least = 0
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[least] as number)) least = i
  return least
}
