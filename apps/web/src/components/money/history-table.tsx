/** What moved on a channel: kinds in words, what each changed, and how far its transaction is. */
import { formatUsd } from '@isochrone/domain'
import type { HistoryItem, MovementView } from '@isochrone/services'
import { TxSteps } from '~/components/track.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/format.ts'
import type { TxStage } from '~/lib/tx-stage.ts'

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
    <Table label="Movements" className="min-w-[860px]">
      <thead>
        <tr>
          <Th>In a block at, UTC</Th>
          <Th>What</Th>
          <Th numeric>Amount</Th>
          <Th numeric>Change of the channel</Th>
          <Th numeric>Block</Th>
          <Th>Transaction</Th>
          <Th>State</Th>
        </tr>
      </thead>
      <tbody>
        {movements.map((movement) => (
          <Tr key={movement.id}>
            <Td>
              <Utc at={movement.atMs} bare />
            </Td>
            <Td>{kindWords[movement.kind]}</Td>
            <Td numeric>
              <Money microUsd={movement.microUsd} />
            </Td>
            <Td numeric>
              <Change microUsd={movement.changeMicroUsd} />
            </Td>
            <Td numeric>{formatCount(movement.blockNumber)}</Td>
            <Td>
              <Hash value={movement.txHash} label="transaction" />
            </Td>
            <Td className="text-xs">
              <TxSteps stage={txStages[movement.txHash] ?? 'included'} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
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
