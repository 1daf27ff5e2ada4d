/** People exclude nodes by the id that pages and answers show; offers and records know them by the key's 32 bytes. */
import type { RoutingWish } from '@isochrone/scheduler'

type Named = Readonly<{ id: string; nodeId: string }>

/** The same wish as placement reads it; an id that is none of a node's may be a provider's. */
export function withExcludedNodes(wish: RoutingWish, nodes: readonly Named[]): RoutingWish {
  if (!wish.exclude) return wish
  const nodeIds = new Map(nodes.map(({ id, nodeId }) => [id, nodeId]))
  return { ...wish, exclude: [...new Set(wish.exclude.map((id) => nodeIds.get(id) ?? id))] }
}
