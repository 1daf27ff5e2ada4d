/**
 * What this placer itself has under way at each node, so that a burst does not go to whoever looked idle a second ago.
 *
 * Load = reported + own since the report.
 */
export interface OwnDispatches {
  /** The function it returns ends the dispatch; later calls of it do nothing. */
  begin(nodeId: string, atMs: number): () => void
  /** Under way at the node and begun after `sinceMs`. */
  countSince(nodeId: string, sinceMs: number): number
}

export function createOwnDispatches(): OwnDispatches {
  const begun = new Map<string, Set<{ atMs: number }>>()
  return {
    begin(nodeId, atMs) {
      const entry = { atMs }
      const entries = begun.get(nodeId) ?? new Set()
      begun.set(nodeId, entries.add(entry))
      return () => {
        entries.delete(entry)
        if (entries.size === 0 && begun.get(nodeId) === entries) begun.delete(nodeId)
      }
    },
    countSince(nodeId, sinceMs) {
      let count = 0
      for (const { atMs } of begun.get(nodeId) ?? []) if (atMs > sinceMs) count += 1
      return count
    },
  }
}
