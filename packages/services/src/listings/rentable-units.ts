/** What of a machine can be rented: the GPUs that the agent detected, as many as terms can offer, or the CPU as one. */
import type { NodeInventory } from '@isochrone/protocol'
import { GPUS_MAX } from '../providers/terms.ts'

export function rentableUnits(inventory: Pick<NodeInventory, 'gpus'> | undefined): number {
  const detected = (inventory?.gpus ?? []).reduce((sum, { count }) => sum + count, 0)
  return Math.min(GPUS_MAX, Math.max(1, detected))
}
