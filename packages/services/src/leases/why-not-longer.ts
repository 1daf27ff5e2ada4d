/** Why a lease may not be extended where it is: a node that takes no new leases is promised no more time either. */
import { STAKE_MIN_MICRO_USD } from '../listings/stake.ts'
import type { LeaseRow, LeaseStore } from '../ports/lease-store.ts'

const words = {
  checks:
    'A check of its node has failed, so this lease cannot be extended there. It runs to its end, or stop it and rent another node.',
  stake:
    'The stake behind its node is not full, so this lease cannot be extended there. It runs to its end, or stop it and rent another node.',
} as const

/** Null where nothing of its node forbids it. One that is on its way to another node is on none. */
export async function whyNotLonger(
  leases: Pick<LeaseStore, 'barredFromLeases'>,
  { nodeId, holdsGpus }: Pick<LeaseRow, 'nodeId' | 'holdsGpus'>,
): Promise<string | null> {
  if (!holdsGpus) return null
  const why = (await leases.barredFromLeases([nodeId], STAKE_MIN_MICRO_USD)).get(nodeId)
  return why ? words[why] : null
}
