/**
 * The class of hardware that a node is placed by: a policy names `H200`, an agent finds `NVIDIA H200 141GB HBM3e`.
 *
 * The largest group of accelerators counts. It is as good as the inventory: a claim, until it is attested.
 */
import type { NodeInventory } from '@isochrone/protocol'

/** Longer names before those that they begin with. Migration 0002 holds the same list, for nodes that came before it. */
const known =
  /\b(GB300|GB200|B300|B200|GH200|H200|H100|H20|A100|L40S|L40|L4|A10G|A10|V100|T4|MI355X|MI350X|MI325X|MI300X|MI250X)\b/i

/** `H200`, …; `GPU` for an accelerator of no known name, `CPU` where there is none. */
export function gpuClassOf({ gpus, hardware }: Pick<NodeInventory, 'gpus' | 'hardware'>): string {
  const largest = gpus.toSorted((a, b) => b.count - a.count)[0]
  const name = known.exec(largest?.name ?? '')?.[1] ?? known.exec(hardware)?.[1]
  return name?.toUpperCase() ?? (largest ? 'GPU' : 'CPU')
}
