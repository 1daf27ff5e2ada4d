/** Everything that happened to a dispute on the chain, oldest first, with reasons and how far each transaction is. */
import type { DisputeEventView } from '@isochrone/services'
import { TxMark } from '~/components/track.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Utc } from '~/components/ui/values.tsx'
import type { TxStage } from '~/lib/money/tx-stage.ts'

export function EventsTable({
  events,
  txStages,
}: {
  events: readonly DisputeEventView[]
  txStages: Record<string, TxStage>
}) {
  return (
    <DataTable
      label="What happened on the chain"
      className="sm:min-w-[680px]"
      stacks
      rows={events}
      rowKey={(event) => `${event.txHash}${event.step}${event.text}`}
      columns={[
        { head: 'Time, UTC', cell: ({ atMs }) => <Utc at={atMs} bare /> },
        {
          head: 'What happened',
          cell: ({ text, step, document, hash }) => (
            <>
              {text}
              {step === 'voted' && (
                <span className="block text-xs text-ink-2">
                  Reason: {document ? document.text : `by hash ${hash ?? 'none'}, its text is not here`}
                </span>
              )}
            </>
          ),
        },
        {
          head: 'Transaction',
          cell: ({ txHash }) => <TxMark hash={txHash} label="transaction" stage={txStages[txHash]} />,
        },
      ]}
    />
  )
}
