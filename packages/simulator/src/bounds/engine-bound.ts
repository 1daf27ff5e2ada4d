/**
 * A second lower bound, beside that of `lp-bound.ts`: the same programme for the faults that the run has, with engine time
 * as steps and chunks take it (`step-weights.ts`).
 *
 * It keeps 1 and 4 of that argument, but for the faults: a replica that is down does nothing and a slow one little, for
 * every policy alike (`run/plan-faults.ts`). In place of 2 and 3 stands (1) of `step-weights.ts`, which is no mean over the
 * run, counts what a prompt does to the steps that carry it, and leaves out nothing of what 3 does: prefill on an idle
 * engine, first tokens, late requests, and streams that moved (`pieces.ts`). Weak duality certifies it as there. Where
 * blocks were computed for one that came later, or for the request's own attempt elsewhere, it says as little.
 *
 * The targets are measured over the first bound, by which they were set; this one says how much of what is over it no
 * policy can have. It is nearly always the higher one. It need not be: it proves more, and where answers are short and
 * nothing fails, what the first leaves out is more than what this one adds.
 */
import type { MarketRun } from '../run/market-run.ts'
import type { SimRequest } from '../sim-types.ts'
import { meetsSloFrom } from './assert-not-below-bound.ts'
import { boundProblem } from './bound-problem.ts'
import { boundWindows } from './bound-windows.ts'
import { certifyDemand, costPerMtokServing } from './certify.ts'
import { engineDemand, engineWork, upTimes } from './engine-demand.ts'
import { groupRequests } from './group-requests.ts'
import type { LpBound, LpBoundInput } from './lp-bound.ts'
import { solveAssignment } from './solve-assignment.ts'
import type { KnownFaults } from './up-time.ts'

export interface EngineBoundInput extends LpBoundInput {
  faults: KnownFaults
}

export type EngineBound = Pick<LpBound, 'status' | 'usd' | 'costPerMtok' | 'costPerMtokAt99' | 'lpUsd'>

/**
 * @param lp the first bound of the same requests: what of it holds without its argument about steps stands where it is higher
 * @throws AppError internal when the solver ends without an answer
 */
export async function engineBound(input: EngineBoundInput, lp: LpBound): Promise<EngineBound> {
  const { fleet, market, faults } = input
  const problem = boundProblem(input)
  const floor = { usd: lp.usdWithoutSlo, costPerMtokAt99: lp.costPerMtokAt99WithoutSlo, lpUsd: lp.usdWithoutSlo }
  const boundOfUsd = (usd: number) => (problem.tokens > 0 ? usd / (problem.tokens / 1e6) : 0)
  if (problem.count === 0) return { status: 'optimal', ...floor, costPerMtok: 0 }
  const windows = boundWindows(problem, input.windowMs ?? Infinity, true)
  const work = engineWork(problem, fleet, market)
  const capacityMs = upTimes(windows, fleet, faults)
  const groups = groupRequests({ ...problem, workMs: work.usualMs }, windows, fleet)
  const lossOf = (at: number) => work.speedLoss[at % fleet.length] as number
  const usualMs = capacityMs.map((ms, at) => ms / lossOf(at))
  const solved = await solveAssignment(fleet, groups, windows, usualMs)
  if (!solved) return { status: 'infeasible', ...floor, costPerMtok: boundOfUsd(floor.usd) }
  const lambda = solved.lambda.map((price, at) => price / lossOf(at))
  const certificate = certifyDemand(problem, windows, fleet, lambda, engineDemand(work, capacityMs))
  const usd = Math.max(floor.usd, certificate.usd)
  return {
    status: 'optimal',
    usd,
    costPerMtok: boundOfUsd(usd),
    costPerMtokAt99: Math.max(floor.costPerMtokAt99, costPerMtokServing(certificate, meetsSloFrom)),
    lpUsd: solved.usd,
  }
}

/** Over the requests that the figures count, as `boundOf` is. */
export function engineBoundOf(
  { fleet, requests, settings, market, faults }: MarketRun,
  lp: LpBound,
): Promise<EngineBound> {
  const isCounted = ({ arriveMs }: SimRequest) => arriveMs >= settings.warmUpMs
  return engineBound(
    {
      requests: requests.filter(isCounted),
      earlier: requests.filter((request) => !isCounted(request)),
      fleet: fleet.replicas,
      market,
      faults,
    },
    lp,
  )
}
