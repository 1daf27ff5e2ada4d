/**
 * What a running agent says of its machine and its models, signed by the node key: at its start and every half minute. Newer ones replace
 * older ones; a change of hardware takes its trust level and makes the node due for its checks.
 */
import { AppError } from '@isochrone/domain'
import { addressToBytes32, engineReport, nodeInventory, reportSigner, servedModel } from '@isochrone/protocol'
import { z } from 'zod'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { gpuClassOf } from '../providers/gpu-class.ts'

/** Clocks may differ by so much, ms. */
const CLOCK_MS_MAX = 300_000

const agentReport = z.object({
  report: z.object({
    kind: z.literal('agent'),
    nodeKey: z.string().regex(/^0x[0-9a-f]{40}$/),
    sentAtMs: z.int().min(0),
    inventory: nodeInventory,
    models: z.array(servedModel).max(64),
    /** Absent: an agent of before it said so. */
    engine: engineReport.optional(),
  }),
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
})

export interface AgentReportAnswer {
  /** Where the node stands on its way to the market. */
  status: 'joining' | 'active' | 'revoked'
  /** Measuring points to dial. */
  witnessUrls: string[]
}

/** @throws AppError `invalid_input` for what is malformed or of another time, `unauthenticated` for another's signature. */
export async function acceptAgentReport(
  deps: Pick<ControlPlaneDeps, 'store' | 'clock' | 'witnessUrls'>,
  body: unknown,
): Promise<AgentReportAnswer> {
  const { store, clock } = deps
  const parsed = agentReport.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const field = issue?.path.map(String).join('.') ?? 'report'
    throw new AppError('invalid_input', { publicMessage: `${field}: ${issue?.message ?? 'is not valid'}`, field })
  }
  const { nodeKey, sentAtMs, inventory, models, engine = null } = parsed.data.report
  const nodeId = addressToBytes32(nodeKey)
  // One answer for a wrong signature and an unknown node: a guesser learns nothing.
  const node = reportSigner(parsed.data) === nodeKey ? await store.providers.node(nodeId) : null
  if (!node) {
    throw new AppError('unauthenticated', {
      publicMessage: 'The report is not signed by the key of a node that joined.',
    })
  }
  const nowMs = clock.nowMs()
  if (Math.abs(nowMs - sentAtMs) > CLOCK_MS_MAX) {
    throw new AppError('invalid_input', {
      publicMessage: 'The clock of this machine is more than five minutes off. Set it and start the agent again.',
    })
  }
  await store.transaction(async (tx) => {
    if (!(await tx.verification.acceptReport(nodeId, sentAtMs))) return
    const uuids = inventory.gpus.flatMap((gpu) => gpu.uuids)
    const before = nodeInventory.safeParse(node.inventory).data
    const uuidsBefore = before?.gpus.flatMap((gpu) => gpu.uuids) ?? []
    const gpuClass = gpuClassOf(inventory)
    await tx.verification.setInventory(nodeId, { inventory, models, engine, gpuClass })
    await tx.verification.claimGpus(nodeId, uuids, new Date(nowMs))
    const isOther =
      uuids.toSorted().join() !== uuidsBefore.toSorted().join() ||
      inventory.hardware !== before?.hardware ||
      gpuClass !== node.gpuClass
    if (!isOther) return
    await tx.verification.makeDue(nodeId, new Date(nowMs))
    // What was challenged is not what it says that it has now.
    const fell = await tx.verification.moveTrust(nodeId, ['challenged', 'attested'], 'claimed')
    // Policies name both: gateways hear of either.
    if (fell || gpuClass !== node.gpuClass) await recordControlChange(tx.control, { nodeIds: [nodeId] })
  })
  return { status: node.status, witnessUrls: [...(deps.witnessUrls ?? [])] }
}
