/** The arbiters of a dispute, and how each voted. */
import type { PanelView as Panel } from '@isochrone/services'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'

export function PanelView({ panels }: { panels: readonly Panel[] }) {
  return (
    <div className="flex flex-col gap-3">
      {panels.map(({ appeal, arbiters }) => (
        <DataTable
          key={String(appeal)}
          label={appeal ? 'Panel of the appeal' : 'Panel'}
          rows={arbiters}
          rowKey={({ address }) => address}
          columns={[
            {
              head: appeal ? 'Arbiter, on appeal' : 'Arbiter',
              cell: ({ address }) => <Hash value={address} label="arbiter" />,
            },
            {
              head: 'Votes to refund',
              numeric: true,
              cell: ({ vote }) => (vote ? <Money microUsd={vote.refundMicroUsd} /> : 'not yet'),
            },
          ]}
        />
      ))}
    </div>
  )
}
