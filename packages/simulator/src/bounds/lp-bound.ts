/**
 * A lower bound on what any placement policy pays that serves these requests inside their SLOs: a linear programme
 * (HiGHS), certified request by request.
 *
 * Why it is a bound:
 * 1. Prices are linear in tokens, so a request's cost on a replica is a number, and whoever serves it pays at least the
 *    price of where it is served; failed attempts, hedges and probes only add.
 * 2. A request inside its SLOs takes its engine time between its arrival and its due time (arrival + TTFT SLO +
 *    (tokens out − 1) × TPOT SLO), so the work of all requests that arrive and are due inside a stretch of time fits it.
 * 3. Of a stretch, a replica can spend at most 1 − s·a/M on work: each step costs s·a whoever is in it, and while every
 *    stream keeps its TPOT SLO the mean step is at most M (`longest-mean-step.ts`).
 * 4. The rest is relaxed in the policy's favour (`bound-problem.ts`).
 * The LP is solved over groups of similar requests, which is *not* a relaxation by itself. So its dual prices λ of
 * engine time are put to the true problem: Σ over requests of min over replicas of (cost + λ·work) − Σ λ·capacity is a
 * lower bound for any λ ≥ 0 (weak duality), grouped well or badly. That sum is the figure; `lpUsd` shows what the
 * grouping lost.
 *
 * A policy that "meets" the SLO may miss it for 1 % of the requests: `costPerMtokAt99` is the bound for that, and its
 * argument is at `costPerMtokServing` (`certify.ts`).
 *
 * What 3 leaves out: prefill on an idle engine runs without steps (at most (s·a/M)·p/(n·M) of the time, 0.05 % for the
 * mean request), each stream's first step belongs to its TTFT, a stream that moved keeps its mean over both its replicas
 * and not on each, and the late 1 % may stretch steps. `usdWithoutSlo` and `costPerMtokAt99WithoutSlo` count all engine
 * time as work: they are lower, and hold whatever 3 leaves out. With prefixes, "earlier" is by arrival: not covered is a
 * request whose blocks are first computed for one that came after it, or for its own attempt elsewhere.
 */
import { meetsSloFrom } from './assert-not-below-bound.ts'
import { boundProblem, type BoundInput } from './bound-problem.ts'
import { boundWindows } from './bound-windows.ts'
import { capacityOf, certify, costPerMtokServing, type Certificate } from './certify.ts'
import { groupRequests } from './group-requests.ts'
import { solveAssignment } from './solve-assignment.ts'

export interface LpBoundInput extends BoundInput {
  /** Length of the windows; left out, the whole span is one. Shorter ones see bursts. */
  windowMs?: number
}

export interface LpBound {
  /** `infeasible`: the fleet cannot do this work inside the SLO, whoever places it. */
  status: 'optimal' | 'infeasible'
  /** The bound, USD; 0 when infeasible. */
  usd: number
  /** The bound per 10⁶ tokens (in and out), USD. */
  costPerMtok: number
  /** The same for who serves at least 99 % of the requests inside their SLOs, and the rest late at no toll, or not at all. */
  costPerMtokAt99: number
  /** Cost of the LP over groups, USD: between `usd` and it lies what grouping lost. */
  lpUsd: number
  /** The bound if every ms of engine time were work: it needs no argument from the SLO. */
  usdWithoutSlo: number
  costPerMtokAt99WithoutSlo: number
  tokens: number
  windows: number
  groups: number
  rows: number
  columns: number
}

/** @throws AppError internal when the solver ends without an answer */
export async function lpBound(input: LpBoundInput): Promise<LpBound> {
  const problem = boundProblem(input)
  const none = {
    usd: 0,
    costPerMtok: 0,
    costPerMtokAt99: 0,
    lpUsd: 0,
    usdWithoutSlo: 0,
    costPerMtokAt99WithoutSlo: 0,
    windows: 0,
    groups: 0,
    rows: 0,
    columns: 0,
  }
  if (problem.count === 0) return { status: 'optimal', tokens: 0, ...none }
  const windows = boundWindows(problem, input.windowMs ?? Infinity)
  const groups = groupRequests(problem, windows, input.fleet)
  const solved = await solveAssignment(input.fleet, groups, windows, capacityOf(windows, problem.workShare))
  const size = {
    tokens: problem.tokens,
    windows: windows.windows,
    groups: groups.length,
    rows: groups.length + windows.stretches.length * input.fleet.length,
    columns: groups.length * input.fleet.length,
  }
  const allTime = problem.workShare.map(() => 1)
  const relaxed = await solveAssignment(input.fleet, groups, windows, capacityOf(windows, allTime))
  const withoutSlo = relaxed ? figuresWithoutSlo(certify(problem, windows, input.fleet, relaxed.lambda, allTime)) : {}
  if (!solved) return { ...none, ...size, status: 'infeasible', ...withoutSlo }
  const certificate = certify(problem, windows, input.fleet, solved.lambda, problem.workShare)
  return {
    ...none,
    ...size,
    status: 'optimal',
    usd: certificate.usd,
    costPerMtok: certificate.usd / (problem.tokens / 1e6),
    costPerMtokAt99: costPerMtokServing(certificate, meetsSloFrom),
    lpUsd: solved.usd,
    ...withoutSlo,
  }
}

function figuresWithoutSlo(certificate: Certificate): Pick<LpBound, 'usdWithoutSlo' | 'costPerMtokAt99WithoutSlo'> {
  return {
    usdWithoutSlo: certificate.usd,
    costPerMtokAt99WithoutSlo: costPerMtokServing(certificate, meetsSloFrom),
  }
}
