/** Claims by epoch: a head row for the epoch's money, and under it a row for each node's record, release and payout. */
import { counted } from '@isochrone/domain'
import type { ClaimRecord, EpochClaims } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { recordHref } from '~/components/epoch/records-table.tsx'
import { ClaimStateBadge, EpochStatusBadge, RecordStatusBadge, SimulatedBadge } from '~/components/status.tsx'
import { TxMark } from '~/components/track.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Money, Utc } from '~/components/ui/values.tsx'
import { formatUtc, shortHash, addressOf } from '~/lib/words/format.ts'
import type { TxStage } from '~/lib/money/tx-stage.ts'

export interface ClaimsTableProps {
  epochs: readonly EpochClaims[]
  txStages: Record<string, TxStage>
}

export function ClaimsTable({ epochs, txStages }: ClaimsTableProps) {
  return (
    <Table label="Claims by epoch" className="min-w-[900px]">
      <thead>
        <tr>
          <Th>Epoch and node</Th>
          <Th>State</Th>
          <Th numeric>Earned</Th>
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
            <RecordRow key={record.nodeId} record={record} txStages={txStages} />
          ))}
        </tbody>
      ))}
    </Table>
  )
}

type Stages = Pick<ClaimsTableProps, 'txStages'>

function EpochRow({ epoch, txStages }: { epoch: EpochClaims } & Stages) {
  return (
    <Tr className="bg-sunken align-top hover:bg-sunken">
      <th scope="rowgroup" className="px-2.5 py-2 text-left font-medium whitespace-nowrap">
        <Link className="link figures" href={`/epochs/${epoch.lane}/${epoch.epoch}`}>
          Epoch {epoch.epoch}
        </Link>
        <p className="text-xs font-normal text-ink-3">
          closed <Utc at={epoch.closedAtMs} />
        </p>
        {epoch.leaseReceipts > 0 && (
          <p className="text-xs font-normal">
            <Link className="link" href={`/epochs/${epoch.lane}/${epoch.epoch}#leases`}>
              {counted(epoch.leaseReceipts, 'lease receipt', 'lease receipts')}
            </Link>
          </p>
        )}
      </th>
      <Td className="py-2 align-top">
        <EpochStatusBadge status={epoch.epochStatus} />
      </Td>
      <Td numeric className="py-2 align-top font-medium">
        <Money microUsd={epoch.earnedMicroUsd} />
      </Td>
      <Td colSpan={3} className="py-2 align-top">
        <Claimed epoch={epoch} txStages={txStages} />
      </Td>
      <Td className="py-2 align-top">
        <Paid epoch={epoch} txStages={txStages} />
      </Td>
    </Tr>
  )
}

function Claimed({ epoch, txStages }: { epoch: EpochClaims } & Stages) {
  if (epoch.claimedMicroUsd === null) return <span className="text-ink-3">not claimed yet</span>
  return (
    <>
      <span className="flex flex-wrap items-center gap-x-2">
        <span>
          claimed <Money microUsd={epoch.claimedMicroUsd} />
        </span>
        {epoch.claimedTx && (
          <TxMark hash={epoch.claimedTx} label="claim transaction" stage={txStages[epoch.claimedTx]} />
        )}
      </span>
      {epoch.skippedReasons.map((reason) => (
        <p key={reason} className="text-xs text-warn">
          Not all of it: {reason}
        </p>
      ))}
      {epoch.payableAtMs !== null && epoch.payouts.length === 0 && (
        <p className="text-xs text-ink-3">without any record payable from {formatUtc(epoch.payableAtMs)}</p>
      )}
    </>
  )
}

function Paid({ epoch: { payouts }, txStages }: { epoch: EpochClaims } & Stages) {
  if (payouts.length === 0) return <span className="text-ink-3">not yet</span>
  const sum = (pick: (payout: (typeof payouts)[number]) => bigint) =>
    payouts.reduce((total, payout) => total + pick(payout), 0n)
  return (
    <>
      <p className="whitespace-nowrap">
        <Money microUsd={sum(({ netMicroUsd }) => netMicroUsd)} className="font-medium" />{' '}
        <span className="text-xs text-ink-3">
          net, fee <Money microUsd={sum(({ feeMicroUsd }) => feeMicroUsd)} />
        </span>
      </p>
      {payouts.map(({ txHash }) => (
        <TxMark key={txHash} hash={txHash} label="payout transaction" stage={txStages[txHash]} />
      ))}
    </>
  )
}

function RecordRow({ record, txStages }: { record: ClaimRecord } & Stages) {
  const { standing, reportedTx, finalTx } = record
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
          <p className="mt-0.5 text-2xs whitespace-nowrap text-ink-3">until {formatUtc(standing.nextAtMs)}</p>
        )}
      </Td>
      <Td numeric>
        <Money microUsd={record.earnedMicroUsd} />
      </Td>
      <Td>
        <RecordStatusBadge status={record.status} />
        {!record.nodeSigned && <p className="mt-0.5 text-2xs whitespace-nowrap text-ink-3">lane alone signed</p>}
      </Td>
      <Td>{reportedTx ? <TxMark hash={reportedTx} label="report transaction" stage={txStages[reportedTx]} /> : '—'}</Td>
      <Td>{finalTx ? <TxMark hash={finalTx} label="release transaction" stage={txStages[finalTx]} /> : '—'}</Td>
      <Td className="text-xs whitespace-nowrap text-ink-3">{paidWords[standing.state] ?? 'not yet'}</Td>
    </Tr>
  )
}

const paidWords: Partial<Record<ClaimRecord['standing']['state'], string>> = {
  paid: 'with the epoch',
  nothing_due: 'nothing due',
  frozen: 'frozen',
}
