/** `model:price`, `model:latency`, `model:throughput`: a sort in the model's name, for clients that cannot send a policy. */
import type { RoutingSort } from './routing-wish.ts'

const suffixes: readonly RoutingSort[] = ['price', 'latency', 'throughput']

/** Other colons belong to the model's name (`llama3:8b`). */
export function splitModelSuffix(name: string): { model: string; suffix: RoutingSort | null } {
  const at = name.lastIndexOf(':')
  const suffix = suffixes.find((sort) => sort === name.slice(at + 1).toLowerCase())
  return at > 0 && suffix ? { model: name.slice(0, at), suffix } : { model: name, suffix: null }
}
