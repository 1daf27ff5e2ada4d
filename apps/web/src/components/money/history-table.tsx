/** What moved on a channel: kinds in words, what each changed, and how far its transaction is. */
import { formatUsd } from '@isochrone/domain'
import type { HistoryItem, MovementView } from '@isochrone/services'
import { TxSteps } from '~/components/track.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'
import type { TxStage } from '~/lib/money/tx-stage.ts'

export const kindWords: Record<MovementView['kind'], string> = {
  deposit: 'deposit',
  claim: 'claimed for receipts',
  refund: 'refund of a dispute',
  credit: 'credit for a broken promise',
  ceiling: 'ceiling raised to',
  withdrawal_requested: 'withdrawal requested',
  withdrawal: 'withdrawal',
}
export const historyKinds = Object.keys(kindWords) as MovementView['kind'][]

export interface HistoryTableProps {
  movements: readonly HistoryItem[]
  txStages: Record<string, TxStage>
}

export function HistoryTable({ movements, txStages }: HistoryTableProps) {
  return (
    <DataTable
      label="Movements"
      className="sm:min-w-[860px]"
      stacks
      rows={movements}
      rowKey={(movement) => movement.id}
      columns={[
        { head: 'In a block at, UTC', cell: (movement) => <Utc at={movement.atMs} bare /> },
        { head: 'What', cell: (movement) => kindWords[movement.kind] },
        { head: 'Amount', numeric: true, cell: (movement) => <Money microUsd={movement.microUsd} /> },
        {
          head: 'Change of the channel',
          numeric: true,
          cell: (movement) => <Change microUsd={movement.changeMicroUsd} />,
        },
        { head: 'Block', numeric: true, cell: (movement) => formatCount(movement.blockNumber) },
        { head: 'Transaction', cell: (movement) => <Hash value={movement.txHash} label="transaction" /> },
        {
          head: 'State',
          className: 'text-xs',
          cell: (movement) => <TxSteps stage={txStages[movement.txHash] ?? 'included'} />,
        },
      ]}
    />
  )
}

/** With its sign; what moves no money is a dash. */
function Change({ microUsd }: { microUsd: bigint }) {
  if (microUsd === 0n) return <span className="text-ink-3">—</span>
  return (
    <data value={microUsd.toString()} title={`${microUsd} µUSD`} className="figures">
      {microUsd > 0n ? `+${formatUsd(microUsd)}` : formatUsd(microUsd)}
    </data>
  )
}
