/** Takes nodes whose time has come, one after another; a failure of ours leaves the node to the next round. */
import type { Hex } from '@isochrone/protocol'
import { verifyNode } from './verify-node.ts'
import type { VerifyDeps } from './verify-deps.ts'

/** A worker that dies in mid-check holds a node for so long, ms. */
const CLAIM_MS = 300_000
const NODES_A_ROUND = 4

export interface VerifyRound {
  checked: number
  failed: string[]
}

/** Which nodes were checked, and which of them turned out failed. */
export async function verifyDueNodes(deps: VerifyDeps): Promise<VerifyRound> {
  const nowMs = deps.clock.nowMs()
  const due = await deps.store.verification.claimDue(new Date(nowMs), new Date(nowMs + CLAIM_MS), NODES_A_ROUND)
  const round: VerifyRound = { checked: 0, failed: [] }
  for (const nodeId of due) {
    const status = await verifyNode(deps, nodeId as Hex)
    if (status === null) {
      const checkedAt = new Date(deps.clock.nowMs())
      await deps.store.verification.finish({ nodeId, status: 'unverified', dueAt: FAR_AWAY, checkedAt })
      continue
    }
    round.checked += 1
    if (status === 'failed') round.failed.push(nodeId)
  }
  return round
}

/** For nodes that are no more. */
const FAR_AWAY = new Date(Date.UTC(9000, 0, 1))
