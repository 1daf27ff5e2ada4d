/** What an offer's name stands on: its SLO, what checks found, who measured its distance, how far its money has come. */
import type { OfferHistory, OfferRecord } from '@isochrone/services'
import { EarlierVerdicts } from '~/components/verification/earlier-verdicts.tsx'
import { JudgedBy } from '~/components/verification/judged-by.tsx'
import { Link } from '~/components/ui/link.tsx'
import { RecordStatusBadge, SettlementBadge, SimulatedNetworkBadge, VerdictBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs } from '~/lib/words/format.ts'

export function PromisesFacts({ promises }: Pick<OfferHistory, 'promises'>) {
  if (!promises || promises.penaltyBps === 0) {
    // From before half a promise was refused.
    const isHalf = promises !== null && promises.ttftBaseMs + promises.ttftPerKtokMs + promises.tpotUs > 0
    return (
      <EmptyState title="No promises">
        {isHalf
          ? 'These terms name times, and nothing that comes back when an answer takes longer: that promises nothing.'
          : 'These terms promise no latency, so nothing is paid back for a slow answer.'}
      </EmptyState>
    )
  }
  const { ttftBaseMs, ttftPerKtokMs, tpotUs, concurrencyMax, penaltyBps, sloRegion } = promises
  return (
    <Facts
      items={[
        ttftBaseMs + ttftPerKtokMs > 0 && [
          'First token',
          `95 % within ${formatMs(ttftBaseMs)}${ttftPerKtokMs > 0 ? ` and ${formatMs(ttftPerKtokMs)} for each 1,000 tokens in` : ''}`,
        ],
        tpotUs > 0 && ['Each next token', `95 % within ${formatMs(tpotUs / 1_000)}`],
        ['Availability', '99 % of attempts do not end by the node’s fault'],
        ['Holds up to', concurrencyMax > 0 ? `${formatCount(concurrencyMax)} streams at once` : 'no capacity declared'],
        ['Measured at', sloRegion ?? 'any gateway'],
        ['When broken', `${penaltyBps / 100} % of what the payer spent in the epoch comes back`],
      ]}
    />
  )
}

const kindWords: Record<string, string> = {
  gpu_uuids: 'GPUs are its own',
  matmul: 'Computes an exact product',
  sharing: 'Shares no hardware in secret',
  region: 'Is where it says',
  model: 'Serves the model that it names',
  metering: 'Counts tokens honestly',
}

const nameOf = (kind: string) => kindWords[kind] ?? kind

export function VerificationLedger({ verdicts, earlierVerdicts }: Pick<OfferHistory, 'verdicts' | 'earlierVerdicts'>) {
  return (
    <>
      <DataTable
        stacks
        label="Verification ledger"
        rows={verdicts}
        rowKey={({ kind }) => kind}
        columns={[
          { head: 'Check', className: 'whitespace-nowrap', cell: ({ kind }) => nameOf(kind) },
          { head: 'Verdict', cell: ({ verdict }) => <VerdictBadge verdict={verdict} /> },
          {
            head: 'Finding',
            cell: ({ kind, finding, fix, simulated, inputs }) => (
              <>
                {finding} {simulated && <SimulatedNetworkBadge />}
                {fix && <div className="text-xs text-ink-3">{fix}</div>}
                <JudgedBy what={nameOf(kind)} inputs={inputs} />
              </>
            ),
          },
          { head: 'Checked, UTC', cell: ({ checkedAtMs }) => <Utc at={checkedAtMs} bare /> },
          { head: 'Holds until', cell: ({ validUntilMs }) => <Utc at={validUntilMs} bare /> },
        ]}
        empty={
          <EmptyState title="Not checked yet">A node is checked when it is listed, and again on a schedule.</EmptyState>
        }
      />
      {verdicts.length > 0 && <EarlierVerdicts label="Earlier verdicts" verdicts={earlierVerdicts} nameOf={nameOf} />}
    </>
  )
}

export function NetworkPassport({ witnesses }: Pick<OfferHistory, 'witnesses'>) {
  return (
    <DataTable
      stacks
      label="Network passport"
      rows={witnesses}
      rowKey={({ witness }) => witness}
      columns={[
        { head: 'Witness', className: 'font-medium', cell: ({ witness }) => witness },
        { head: 'Fastest round trip', numeric: true, cell: ({ rttMs }) => formatMs(rttMs) },
        {
          head: 'At most so far away',
          numeric: true,
          headTitle: 'Light in vacuum, there and back: 149.9 km for each millisecond.',
          cell: ({ rttMs }) => `${formatCount(Math.ceil(rttMs * 149.896))} km`,
        },
        {
          head: 'Jitter',
          numeric: true,
          headTitle: 'The mean difference of one round trip and the next.',
          cell: ({ jitterMs }) => (jitterMs === null ? '—' : formatMs(jitterMs)),
        },
        {
          head: 'Lost of sent',
          numeric: true,
          headTitle: 'Echoes that did not come back in time, or that the node did not sign.',
          cell: ({ lost, sent }) =>
            lost === null || sent === null ? '—' : `${formatCount(lost)} of ${formatCount(sent)}`,
        },
        { head: 'Measured, UTC', cell: ({ measuredAtMs }) => <Utc at={measuredAtMs} bare /> },
        { head: 'Network', cell: ({ simulated }) => (simulated ? <SimulatedNetworkBadge /> : 'real') },
      ]}
      empty={
        <EmptyState title="Not measured by a witness">
          The round trip above is the gateway&apos;s. A witness is a measuring point that any operator may run; its
          signed round trips appear here.
        </EmptyState>
      }
    />
  )
}

export function ReceiptsStanding({ standing }: Pick<OfferHistory, 'standing'>) {
  return (
    <DataTable
      label="Receipts of the last day"
      rows={standing}
      rowKey={({ stage }) => stage}
      columns={[
        { head: 'Standing', cell: ({ stage }) => <SettlementBadge stage={stage} /> },
        { head: 'Receipts', numeric: true, cell: ({ receipts }) => formatCount(receipts) },
        { head: 'Billed', numeric: true, cell: ({ microUsd }) => <Money microUsd={microUsd} decimalsMin={6} /> },
      ]}
      empty={
        <EmptyState title="No receipts in the last day">
          An answered request makes one, signed by both sides.
        </EmptyState>
      }
    />
  )
}

export interface RecordsTableProps {
  records: readonly (OfferRecord & { nodeId: string })[]
  /** Of nodes by their id, where there are several. */
  names?: ReadonlyMap<string, string>
}

export function RecordsTable({ records, names }: RecordsTableProps) {
  return (
    <DataTable
      stacks
      label="Performance records"
      rows={records}
      rowKey={({ lane, epoch, nodeId }) => `${lane} ${epoch} ${nodeId}`}
      columns={[
        {
          head: 'Epoch',
          cell: ({ lane, epoch, nodeId }) => (
            <Link href={`/epochs/${lane}/${epoch}/records/${nodeId}`} className="link">
              {formatCount(epoch)}
            </Link>
          ),
        },
        names !== undefined && {
          head: 'Node',
          cell: ({ nodeId }) => names.get(nodeId) ?? <Hash value={addressOf(nodeId)} label="node key" />,
        },
        { head: 'Record', cell: ({ status }) => <RecordStatusBadge status={status} /> },
        { head: 'Attempts', numeric: true, cell: ({ attempts }) => formatCount(attempts) },
        { head: 'Provider at fault', numeric: true, cell: ({ faults }) => formatCount(faults) },
        {
          head: 'Earned',
          numeric: true,
          cell: ({ earnedMicroUsd }) => <Money microUsd={earnedMicroUsd} decimalsMin={6} />,
        },
      ]}
      empty={
        <EmptyState title="No performance record yet">
          The first closed epoch with a receipt of it makes one.
        </EmptyState>
      }
    />
  )
}
