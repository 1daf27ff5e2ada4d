/** The calls that a wallet is asked for, and how far each is. */
import type { ChainCall } from '@isochrone/services'
import { TxSteps } from '~/components/track.tsx'
import { Hash } from '~/components/ui/values.tsx'
import type { CallReport } from '~/lib/money/send-calls.ts'

export function CallSteps({
  calls,
  reports,
}: {
  calls: readonly ChainCall[]
  reports: ReadonlyMap<number, CallReport>
}) {
  return (
    <ol aria-label="Steps in the wallet" className="divide-y divide-line rounded-md border border-line bg-surface">
      {calls.map(({ label }, index) => {
        const report = reports.get(index)
        return (
          <li key={label} className="flex flex-wrap items-center justify-between gap-x-3 gap-y-0.5 px-3 py-2">
            <span>{label}</span>
            <span className="flex items-center gap-2 text-xs text-ink-3">
              {report === undefined && 'not yet'}
              {report?.stage === 'asking' && 'waiting for the wallet'}
              {report?.hash && <Hash value={report.hash} label="transaction" />}
              {report && report.stage !== 'asking' && <TxSteps stage={report.stage} />}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
