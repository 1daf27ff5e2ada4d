/**
 * OpenRouter's "significant outages in the last 30 seconds". What is significant is not documented; taken in the policy's
 * favour: two or more failures or 429s within 30 s that are at least half of what ended there in that time. One stray
 * error is none.
 */
import type { PolicyInstance } from '../../sim-types.ts'

const windowMs = 30_000
const badMin = 2
const badShareMin = 0.5

export interface RecentOutages {
  isUnstable(replica: number, nowMs: number): boolean
  hooks: Pick<PolicyInstance, 'onEnd' | 'onLink'>
}

export function createRecentOutages(count: number): RecentOutages {
  const ends: { atMs: number; bad: boolean }[][] = Array.from({ length: count }, () => [])
  return {
    isUnstable(replica, nowMs) {
      const recent = ends[replica]
      if (recent === undefined) return false
      const firstKept = recent.findIndex((end) => end.atMs > nowMs - windowMs)
      recent.splice(0, firstKept === -1 ? recent.length : firstKept)
      const bad = recent.reduce((sum, end) => sum + (end.bad ? 1 : 0), 0)
      return bad >= badMin && bad >= recent.length * badShareMin
    },
    hooks: {
      onEnd: (replica, _, outcome, nowMs) =>
        void ends[replica]?.push({ atMs: nowMs, bad: outcome.kind !== 'finished' }),
      // A link that comes back has been mended: what ended with it says nothing of it now.
      onLink(replica, up) {
        if (up) ends[replica]?.splice(0)
      },
    },
  }
}
