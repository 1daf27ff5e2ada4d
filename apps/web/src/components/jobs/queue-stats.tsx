/** The queue at a glance: how deep it is, how long those of the last day waited, how the others ended. */
import type { JobStats } from '@isochrone/services'
import { Stats } from '~/components/ui/stat.tsx'
import { formatCount, formatMs } from '~/lib/words/format.ts'

export function QueueStats({ stats, nowMs }: { stats: JobStats; nowMs: number }) {
  const { counts, oldestQueuedAtMs, measured } = stats
  return (
    <Stats
      items={[
        {
          label: 'Waiting',
          value: formatCount(counts.queued),
          hint: oldestQueuedAtMs === null ? 'nobody waits' : `the oldest for ${formatMs(nowMs - oldestQueuedAtMs)}`,
        },
        { label: 'Running', value: formatCount(counts.running), hint: 'at a node now' },
        {
          label: 'Wait, p50 / p99',
          value: measured === 0 ? '—' : `${formatMs(stats.waitP50Ms)} / ${formatMs(stats.waitP99Ms)}`,
          hint: measured === 0 ? 'none in 24 h' : `accepted → dispatched, newest ${formatCount(measured)} of 24 h`,
        },
        {
          label: 'Answered after, p50 / p99',
          value: stats.totalP50Ms === null ? '—' : `${formatMs(stats.totalP50Ms)} / ${formatMs(stats.totalP99Ms)}`,
          hint: 'accepted → answered',
        },
        {
          label: 'Succeeded in 24 h',
          value: formatCount(counts.succeeded),
          hint: `${formatCount(counts.failed)} failed, ${formatCount(counts.cancelled)} cancelled`,
        },
      ]}
    />
  )
}
