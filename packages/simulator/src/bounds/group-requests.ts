/** Groups requests that are alike in what decides where they are best served, so that the LP stays small. */
import { gpuClasses, type GpuClass } from '../fleet/engine-time.ts'
import type { SimReplica } from '../sim-types.ts'
import { costMicroUsd, type BoundProblem } from './bound-problem.ts'
import type { BoundWindows } from './bound-windows.ts'

/** By how work divides between classes, then by price for work: 36 a kind lose about 0.1 %. */
const likenessGroups = 6
const priceGroups = 6

/** Sums over the requests of a group. */
export interface RequestGroup {
  kind: number
  tokensIn: number
  tokensCached: number
  tokensOut: number
  workMs: Record<GpuClass, number>
}

export function groupRequests(
  problem: BoundProblem,
  { kindOf, kinds }: BoundWindows,
  fleet: readonly SimReplica[],
): RequestGroup[] {
  const members = Array.from({ length: kinds }, (): number[] => [])
  for (let i = 0; i < problem.count; i++) members[kindOf[i] as number]?.push(i)
  const { H200, B200 } = problem.workMs
  const [reference] = fleet
  const keyOf = (key: (i: number) => number) => Float64Array.from({ length: problem.count }, (_, i) => key(i))
  const likeness = keyOf((i) => (B200[i] as number) / (H200[i] as number))
  const price = keyOf((i) => (reference ? costMicroUsd(problem, i, reference) : 0) / (H200[i] as number))
  return members.flatMap((list, kind) =>
    slices(list, likeness, likenessGroups).flatMap((alike) =>
      slices(alike, price, priceGroups).map((group) => sumGroup(problem, kind, group)),
    ),
  )
}

/** The list in order of its keys, cut into at most `parts` of equal size. */
function slices(list: readonly number[], key: Float64Array, parts: number): number[][] {
  const sorted = list.toSorted((a, b) => (key[a] as number) - (key[b] as number) || a - b)
  const size = Math.ceil(sorted.length / parts)
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, n) => sorted.slice(n * size, (n + 1) * size))
}

function sumGroup(problem: BoundProblem, kind: number, members: readonly number[]): RequestGroup {
  const group: RequestGroup = {
    kind,
    tokensIn: 0,
    tokensCached: 0,
    tokensOut: 0,
    workMs: { H200: 0, B200: 0, B300: 0 },
  }
  for (const i of members) {
    group.tokensIn += problem.tokensIn[i] as number
    group.tokensCached += problem.tokensCached[i] as number
    group.tokensOut += problem.tokensOut[i] as number
    for (const gpuClass of gpuClasses) group.workMs[gpuClass] += problem.workMs[gpuClass][i] as number
  }
  return group
}
