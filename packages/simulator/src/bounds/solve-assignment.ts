/**
 * The assignment LP, by HiGHS: x[group, replica] ≥ 0 is the share of a group that a replica serves; each group sums to
 * 1; each replica and stretch holds its work. Time is in seconds and money in USD, so that the numbers are of one size.
 */
import loadHighs from 'highs'
import { AppError } from '@isochrone/domain'
import type { SimReplica } from '../sim-types.ts'
import type { BoundWindows } from './bound-windows.ts'
import type { RequestGroup } from './group-requests.ts'

/** One solver for the process: loading compiles it. */
let solver: ReturnType<typeof loadHighs> | undefined

/**
 * @param capacityMs engine time that can be work, by stretch × replicas + replica
 * @returns `lambda[stretch × replicas + replica]`, USD per ms of engine time; nothing when the work does not fit
 * @throws AppError internal when the solver ends without an answer
 */
export async function solveAssignment(
  fleet: readonly SimReplica[],
  groups: readonly RequestGroup[],
  { stretches }: BoundWindows,
  capacityMs: Float64Array,
): Promise<{ usd: number; lambda: Float64Array } | undefined> {
  const highs = await (solver ??= loadHighs())
  const replicas = fleet.length
  const served = groups.length * replicas
  const columns = served + groups.length
  const colCost = new Float64Array(columns)
  const starts = [0]
  const indices: number[] = []
  const values: number[] = []
  for (const [g, group] of groups.entries()) {
    for (const [r, { prices, gpuClass, speed, declared }] of fleet.entries()) {
      colCost[g * replicas + r] =
        (group.tokensIn * prices.inPerMtok +
          group.tokensCached * prices.cachedPerMtok +
          group.tokensOut * prices.outPerMtok) /
        1e12
      indices.push(g)
      values.push(1)
      const promptMs = group.tokensIn * declared.prefillMsPerToken
      for (const [s, { kinds, promptKinds }] of stretches.entries()) {
        const isWhole = kinds.includes(group.kind)
        if (!isWhole && !promptKinds.includes(group.kind)) continue
        indices.push(groups.length + s * replicas + r)
        values.push(((isWhole ? group.workMs[gpuClass] : promptMs) * speed) / 1e3)
      }
      starts.push(indices.length)
    }
  }
  // The part of a group that nobody serves, dearer than anything: a solution always exists, and says when there is none.
  const dearest = 1 + 1e3 * colCost.reduce((a, b) => Math.max(a, b), 0)
  for (const g of groups.keys()) {
    colCost[served + g] = dearest
    indices.push(g)
    values.push(1)
    starts.push(indices.length)
  }
  const rows = groups.length + stretches.length * replicas
  const rowLower = new Float64Array(rows).fill(1)
  const rowUpper = new Float64Array(rows).fill(1)
  for (const [at, capacity] of capacityMs.entries()) {
    rowLower[groups.length + at] = -highs.infinity
    rowUpper[groups.length + at] = capacity / 1e3
  }
  const model = highs.createModel({
    numCols: columns,
    numRows: rows,
    sense: highs.constants.objectiveSense.minimize,
    colCost,
    colLower: new Float64Array(columns),
    colUpper: new Float64Array(columns).fill(highs.infinity),
    rowLower,
    rowUpper,
    matrix: { format: 'csc', numRows: rows, numCols: columns, starts, indices, values },
  })
  try {
    model.options.set({ output_flag: false })
    model.run()
    const status = model.getModelStatus()
    if (status !== highs.constants.modelStatus.optimal) {
      throw new AppError('internal', { publicMessage: `the LP of the bound ended with status ${String(status)}` })
    }
    const { colValue, rowDual: duals } = model.getSolution()
    if (colValue.subarray(served).some((share) => share > 1e-7)) return undefined
    const lambda = Float64Array.from({ length: stretches.length * replicas }, (_, i) =>
      Math.max(0, -(duals[groups.length + i] as number) / 1e3),
    )
    return { usd: model.getObjectiveValue(), lambda }
  } finally {
    model.dispose()
  }
}
