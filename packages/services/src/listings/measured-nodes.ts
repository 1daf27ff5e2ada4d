/** What promises are held against: how soon nodes begin and how fast they go on, as gateways measure it, and as this one says itself. */
import type { NodeLiveness } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { termsOfStored } from '../providers/terms.ts'
import { isLive } from '../queries/live-nodes.ts'
import type { ModelStep } from './listing-draft.ts'
import type { DetectedNode } from '../queries/views/detected-node.ts'

/** The middle of what is measured at live nodes; null where nothing is. */
export interface MeasuredNodes {
  nodes: number
  ttftP95Ms: number | null
  /** That 1,000 further tokens in take. */
  ttftPerKtokMs: number | null
  tokensPerSecond: number | null
}

export interface MeasuredMarket {
  /** Of one hardware class. */
  like: MeasuredNodes
  all: MeasuredNodes
  /** Of what promising nodes on the market pay back, basis points. */
  penaltyBps: number | null
}

/** @param node whose class `like` is of, and which is left out; null while it has not joined. */
export async function measuredMarket(
  { store, live }: Pick<ControlPlaneDeps, 'store' | 'live'>,
  node: Pick<ListedNodeRow, 'nodeId' | 'gpuClass'> | null,
  nowMs: number,
): Promise<MeasuredMarket> {
  const [rows, liveness] = await Promise.all([store.providers.nodes(), live.nodes()])
  const others = rows.filter(({ status, nodeId }) => status === 'active' && nodeId !== node?.nodeId)
  const measured = others.flatMap(({ nodeId, gpuClass }) => {
    const said = liveness.get(nodeId)
    return said && isLive(said, nowMs) ? [{ gpuClass, said }] : []
  })
  const ofClass = measured.filter(({ gpuClass }) => gpuClass === node?.gpuClass)
  const penalties = others.map(({ terms }) => termsOfStored(terms)?.penaltyBps ?? 0)
  return {
    like: middleOf(ofClass.map(({ said }) => said)),
    all: middleOf(measured.map(({ said }) => said)),
    penaltyBps: median(penalties.filter((bps) => bps > 0)),
  }
}

function middleOf(nodes: readonly NodeLiveness[]): MeasuredNodes {
  return {
    nodes: nodes.length,
    ttftP95Ms: median(nodes.flatMap(({ ttftP95Ms }) => ttftP95Ms ?? [])),
    ttftPerKtokMs: median(nodes.flatMap(({ estimate }) => (estimate ? estimate.prefillMsPerToken * 1_000 : []))),
    tokensPerSecond: median(nodes.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? [])),
  }
}

/** How late the slowest of the chosen models began when its agent asked it, ms; of all that it serves while none is chosen. */
export function ownFirstTokenMs(node: DetectedNode | null, chosen: ModelStep | undefined): number | null {
  const asked = (node?.models ?? []).filter(
    ({ model, modelHash }) =>
      !chosen || chosen.models.some((each) => each.model === model && each.modelHash === modelHash),
  )
  const begun = asked.flatMap(({ report }) =>
    report?.answer && 'firstTokenMs' in report.answer ? [report.answer.firstTokenMs] : [],
  )
  return begun.length > 0 ? Math.max(...begun) : null
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null
}
