/** What keeps one node from taking a lease with constraints, as changes of the wish that would remove each obstacle. */
import { fixedObstacles, type Change, type RoutingPolicy } from '@isochrone/scheduler'
import type { LeaseConstraints } from './lease-constraints.ts'
import type { RentalOffer } from './lease-offers.ts'
import type { LeaseWish } from './lease-wish.ts'

export type LeaseObstacle =
  /** What it asks for a GPU and hour. */
  | { field: 'price'; microUsd: bigint }
  /** What it has free now; 0: nothing that could be asked for instead. */
  | { field: 'gpus'; gpus: number }
  /** Of its smallest GPU; null: nobody says. */
  | { field: 'gpu_memory'; gib: number | null }
  /** No change of the wish lets it in. */
  | { field: 'never' }
  | Change

export interface LookedAtOffer {
  offer: RentalOffer
  obstacles: readonly LeaseObstacle[]
}

/** As pages show it: a GPU that is sold with 80 says 79.6. */
const gibOf = (mib: number): number => Math.round(mib / 1_024)

export function leaseObstacles(
  { state, perGpuHourMicroUsd }: RentalOffer,
  has: { free: number; gpuMemoryMib: number | null },
  asked: { wish: LeaseWish; constraints: LeaseConstraints; policy: RoutingPolicy },
): LeaseObstacle[] {
  const { wish, constraints, policy } = asked
  const obstacles: LeaseObstacle[] = fixedObstacles(state, policy) ?? [{ field: 'never' }]
  const excluded = [state.nodeId, state.providerId].filter((id) => policy.exclude.includes(id))
  if (excluded.length > 0) obstacles.push({ field: 'exclude', ids: excluded })
  if (perGpuHourMicroUsd > wish.perGpuHourMaxMicroUsd) obstacles.push({ field: 'price', microUsd: perGpuHourMicroUsd })
  if (has.free < wish.gpus) obstacles.push({ field: 'gpus', gpus: has.free })
  const { gpuMemoryGibMin } = constraints
  const gib = has.gpuMemoryMib === null ? null : gibOf(has.gpuMemoryMib)
  if (gpuMemoryGibMin !== null && (gib ?? 0) < gpuMemoryGibMin)
    obstacles.push({ field: 'gpu_memory', gib: gib || null })
  return obstacles
}
