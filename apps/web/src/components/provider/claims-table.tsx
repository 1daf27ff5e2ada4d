/** Claims by epoch: a head row for the epoch's money, and under it a row for each node's record, release and payout. */
import type { ClaimRecord, EpochClaims } from '@isochrone/services'
import Link from 'next/link'
import { recordHref } from '~/components/epoch/records-table.tsx'
import { ClaimStateBadge, EpochStatusBadge, RecordStatusBadge, SimulatedBadge } from '~/components/status.tsx'
import { TxSteps } from '~/components/track.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatUtc, shortHash, addressOf } from '~/lib/format.ts'
import type { TxStage } from '~/lib/tx-stage.ts'

export interface ClaimsTableProps {
  epochs: readonly EpochClaims[]
  txStages: Record<string, TxStage>
}

export function ClaimsTable({ epochs, txStages }: ClaimsTableProps) {
  return (
    <Table label="Claims by epoch" className="min-w-[1040px]">
      <thead>
        <tr>
          <Th>Epoch and node</Th>
          <Th>State</Th>
          <Th numeric>Earned</Th>
          <Th numeric>Claimed</Th>
          <Th>Record</Th>
          <Th>Reported</Th>
          <Th>Released</Th>
          <Th>Paid out</Th>
        </tr>
      </thead>
      {epochs.map((epoch) => (
        <tbody key={`${epoch.lane}-${epoch.epoch}`} className="border-b border-line last:border-b-0">
          <EpochRow epoch={epoch} txStages={txStages} />
          {epoch.records.map((record) => (
            <RecordRow key={record.nodeId} record={record} epoch={epoch} txStages={txStages} />
          ))}
        </tbody>
      ))}
    </Table>
  )
}

type Stages = Pick<ClaimsTableProps, 'txStages'>

function EpochRow({ epoch, txStages }: { epoch: EpochClaims } & Stages) {
  const net = epoch.payouts.reduce((sum, { netMicroUsd }) => sum + netMicroUsd, 0n)
  return (
    <Tr className="bg-sunken hover:bg-sunken">
      <th scope="rowgroup" className="h-[38px] px-2.5 py-1 text-left font-medium whitespace-nowrap">
        <Link className="link figures" href={`/epochs/${epoch.lane}/${epoch.epoch}`}>
          Epoch {epoch.epoch}
        </Link>{' '}
        <span className="font-normal text-ink-3">
          closed <Utc at={epoch.closedAtMs} />
        </span>
      </th>
      <Td>
        <EpochStatusBadge status={epoch.epochStatus} />
      </Td>
      <Td numeric className="font-medium">
        <Money microUsd={epoch.earnedMicroUsd} />
      </Td>
      <Td numeric>
        {epoch.claimedMicroUsd === null ? '—' : <Money microUsd={epoch.claimedMicroUsd} />}
        {epoch.skippedReasons.map((reason) => (
          <p key={reason} className="text-xs whitespace-normal text-warn">
            {reason}
          </p>
        ))}
      </Td>
      <Td colSpan={3}>
        {epoch.claimedTx && <Tx hash={epoch.claimedTx} label="claim transaction" txStages={txStages} />}
        {epoch.payableAtMs !== null && net === 0n && (
          <span className="text-xs text-ink-3">Payable without records from {formatUtc(epoch.payableAtMs)}</span>
        )}
      </Td>
      <Td>
        {epoch.payouts.length > 0 ? (
          <>
            <Money microUsd={net} className="font-medium" /> <span className="text-xs text-ink-3">net</span>
            {epoch.payouts.map(({ txHash }) => (
              <Tx key={txHash} hash={txHash} label="payout transaction" txStages={txStages} />
            ))}
          </>
        ) : (
          '—'
        )}
      </Td>
    </Tr>
  )
}

function RecordRow({ record, txStages }: { record: ClaimRecord; epoch: EpochClaims } & Stages) {
  const { standing } = record
  return (
    <Tr>
      <Td className="pl-6">
        <span className="flex items-center gap-1.5 whitespace-nowrap">
          <Link className="link" href={recordHref(record)}>
            {record.node?.name ?? shortHash(addressOf(record.nodeId))}
          </Link>
          {record.node?.simulated && <SimulatedBadge />}
        </span>
      </Td>
      <Td>
        <ClaimStateBadge state={standing.state} />
        {standing.nextAtMs !== null && (
          <p className="mt-0.5 text-2xs text-ink-3">until {formatUtc(standing.nextAtMs)}</p>
        )}
      </Td>
      <Td numeric>
        <Money microUsd={record.earnedMicroUsd} />
      </Td>
      <Td numeric className="text-ink-3">
        —
      </Td>
      <Td>
        <RecordStatusBadge status={record.status} />
        {!record.nodeSigned && <p className="mt-0.5 text-2xs text-ink-3">lane alone signed</p>}
      </Td>
      <Td>
        {record.reportedTx ? <Tx hash={record.reportedTx} label="report transaction" txStages={txStages} /> : '—'}
      </Td>
      <Td>{record.finalTx ? <Tx hash={record.finalTx} label="release transaction" txStages={txStages} /> : '—'}</Td>
      <Td className="text-xs text-ink-3">{paidWords[standing.state] ?? 'not yet'}</Td>
    </Tr>
  )
}

const paidWords: Partial<Record<ClaimRecord['standing']['state'], string>> = {
  paid: 'with the epoch',
  nothing_due: 'nothing due',
  frozen: 'frozen',
}

function Tx({ hash, label, txStages }: { hash: string; label: string } & Stages) {
  return (
    <span className="block text-xs whitespace-nowrap">
      <Hash value={hash} label={label} />
      <TxSteps stage={txStages[hash] ?? 'sent'} />
    </span>
  )
}
