/**
 * Which prefix blocks each replica probably holds, from this gateway's own dispatches: the approximate index that
 * cache-aware routers keep when engines send no cache events. One least-recently-used list for each replica, as long as
 * its declared KV memory.
 */
import type { PolicyInstance, PolicyWorld } from '../../sim-types.ts'

export interface HeldBlocks {
  /** Leading blocks of the prompt that the replica probably holds. */
  matched(replica: number, prefixHashes: readonly number[]): number
  hooks: Pick<PolicyInstance, 'onDispatch' | 'onLink'>
}

export function createHeldBlocks(world: PolicyWorld): HeldBlocks {
  const blockTokens = Math.max(1, world.prefixBlockTokens)
  const held = world.replicas.map(() => new Map<number, true>())
  const capacity = world.replicas.map((replica) => Math.max(1, Math.floor(replica.kvTokens / blockTokens)))
  return {
    matched(replica, prefixHashes) {
      const blocks = held[replica]
      let count = 0
      for (const hash of prefixHashes) {
        if (blocks?.has(hash) !== true) break
        count++
      }
      return count
    },
    hooks: {
      onDispatch(replica, request) {
        const blocks = held[replica]
        if (blocks === undefined) return
        // Last block first, so that the head of a prompt, which others share, is the youngest and goes last.
        for (const hash of request.prefixHashes.toReversed()) {
          blocks.delete(hash)
          blocks.set(hash, true)
        }
        for (const hash of blocks.keys()) {
          if (blocks.size <= (capacity[replica] ?? 1)) break
          blocks.delete(hash)
        }
      },
      onLink(replica, up) {
        if (!up) held[replica]?.clear()
      },
    },
  }
}
