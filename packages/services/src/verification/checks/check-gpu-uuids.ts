/**
 * A GPU has one UUID and is in one node. Of two nodes that name the same, the later is a cheat, or a machine that joined twice;
 * the earlier one might be a victim of copying, so it is only in doubt. Nobody learns whose the other one is.
 */
import type { CheckResult } from './check-result.ts'

export interface GpuClaim {
  /** As `nvidia-smi` names them. */
  uuids: readonly string[]
  /** How many GPUs the node claims. */
  count: number
}

export interface OtherClaims {
  /** Of this node's UUIDs, those that nodes named before it. */
  namedEarlier: readonly string[]
  /** … and after it. */
  namedLater: readonly string[]
}

const uuidShape = /^(GPU|MIG)-[0-9a-fA-F-]{8,72}$/

export function checkGpuUuids(claim: GpuClaim, others: OtherClaims): CheckResult {
  const own = claim.uuids.map((uuid) => uuid.toLowerCase())
  const inputs = {
    uuids: claim.uuids,
    count: claim.count,
    namedEarlier: others.namedEarlier.length,
    namedLater: others.namedLater.length,
  }
  const result = { kind: 'gpu_uuids', inputs, simulated: false } as const
  if (claim.count === 0 && own.length === 0) {
    return { ...result, verdict: 'valid', finding: 'It claims no GPU.', fix: null }
  }
  if (new Set(own).size < own.length) {
    return {
      ...result,
      verdict: 'invalid',
      finding: 'It names the same GPU twice.',
      fix: 'Start the agent without --hardware on the machine that holds the GPUs, so that nvidia-smi speaks for it.',
    }
  }
  if (others.namedEarlier.length > 0) {
    return {
      ...result,
      verdict: 'invalid',
      finding: `${others.namedEarlier.length} of its ${own.length} GPU UUIDs belong to a node that was listed before.`,
      fix: 'List each GPU in one node only: withdraw the node that is no longer in use, then start this agent again.',
    }
  }
  if (others.namedLater.length > 0) {
    return {
      ...result,
      verdict: 'unverifiable',
      finding: `A node that was listed later names ${others.namedLater.length} of its GPU UUIDs.`,
      fix: 'Nothing on this machine: the later node is refused. If both are yours, withdraw one of them.',
    }
  }
  if (own.length !== claim.count || !claim.uuids.every((uuid) => uuidShape.test(uuid))) {
    return {
      ...result,
      verdict: 'unverifiable',
      finding: `It claims ${claim.count} GPUs and names ${own.length} UUIDs of the usual form.`,
      fix: 'Install nvidia-smi where the agent can run it, and start the agent again.',
    }
  }
  return { ...result, verdict: 'valid', finding: 'No other node names any of its GPUs.', fix: null }
}
