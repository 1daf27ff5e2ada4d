/**
 * What the node of a lease has to be, where its team names no offer: asked for with the price, kept with the lease, and binding
 * again wherever it moves.
 */
import { nodeInventory } from '@isochrone/protocol'
import { dataPolicies, parseRoutingPolicy, trustLevels, type RoutingWish } from '@isochrone/scheduler'
import { z } from 'zod'

const schema = z.object({
  /** Empty: any. */
  gpuClasses: z.array(z.string()),
  /** Of one GPU, GiB; of a node without, its machine's. Null: any. */
  gpuMemoryGibMin: z.int().min(1).nullable(),
  /** Countries, `EU`, or a provider's regions, as in a routing policy. Empty: anywhere. */
  regions: z.array(z.string()),
  /** At least so strict. */
  dataPolicy: z.enum(dataPolicies),
  /** At least so well known. */
  minTrust: z.enum(trustLevels),
})
export type LeaseConstraints = z.infer<typeof schema>

/** Null: its team chose an offer. Throws on what is neither: a lease never moves by constraints that nobody can read. */
export function constraintsOfStored(json: unknown): LeaseConstraints | null {
  return json === null || json === undefined ? null : schema.parse(json)
}

/** The part of them that placement knows. Throws `invalid_input` that names the field. */
export function routingWishOf({ gpuClasses, regions, dataPolicy, minTrust }: LeaseConstraints): RoutingWish {
  const json = {
    gpu_classes: gpuClasses.length > 0 ? gpuClasses : null,
    regions: regions.length > 0 ? regions : null,
    data_policy: dataPolicy,
    min_trust: minTrust,
  }
  return parseRoutingPolicy(json, 'constraints').policy
}

/** Memory of the smallest GPU of a node, MiB; of its machine where it has none; null where nobody says. */
export function gpuMemoryMibOf(inventory: unknown): number | null {
  const detected = nodeInventory.safeParse(inventory).data
  if (!detected) return null
  const memories = detected.gpus.filter(({ count }) => count > 0).map(({ memoryMib }) => memoryMib)
  if (memories.length > 0) return Math.min(...memories)
  // Of GPUs that are declared and not detected, nobody said how much they have.
  return /^\d{1,4} [×x] /.test(detected.hardware) ? null : detected.memoryMib
}
