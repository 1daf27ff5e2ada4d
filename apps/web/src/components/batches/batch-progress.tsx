/** How far a batch is: answered and failed lines as parts of a bar, and what was not run as none, and in words. */
import type { BatchSummary } from '@isochrone/services'
import { formatCount } from '~/lib/words/format.ts'

export function BatchProgress({
  batch,
}: {
  batch: Pick<BatchSummary, 'status' | 'total' | 'completed' | 'failed' | 'notRun'>
}) {
  const { status, total, completed, failed, notRun } = batch
  const share = (count: number) => `${total === 0 ? 0 : (100 * count) / total}%`
  const wrong = failed > 0 ? `, ${formatCount(failed)} failed` : ''
  const left = notRun > 0 ? `, ${formatCount(notRun)} ${status === 'expired' ? 'not run in time' : 'cancelled'}` : ''
  const words = total === 0 ? 'none run' : `${formatCount(completed)} of ${formatCount(total)} answered${wrong}${left}`
  return (
    <div className="sm:min-w-[180px]">
      <div aria-hidden className="flex h-1.5 overflow-hidden rounded-full bg-line">
        <div className="bg-good" style={{ width: share(completed) }} />
        <div className="bg-bad" style={{ width: share(failed) }} />
      </div>
      <div className="figures mt-1 text-xs text-ink-2">{words}</div>
    </div>
  )
}
