/** One epoch of one lane: its totals and root, its file and how to check it, its records, vouchers and receipts. */
import type { EpochDetail } from '@isochrone/services'
import { Download } from 'lucide-react'
import { notFound } from 'next/navigation'
import { EpochChecks } from '~/components/epoch/epoch-checks.tsx'
import { EpochLeaseReceiptsTable } from '~/components/epoch/epoch-lease-receipts-table.tsx'
import { EpochReceiptsTable } from '~/components/epoch/epoch-receipts-table.tsx'
import { EpochTotals } from '~/components/epoch/epoch-totals.tsx'
import { RecordsTable } from '~/components/epoch/records-table.tsx'
import { VouchersTable } from '~/components/epoch/vouchers-table.tsx'
import { PagedSection } from '~/components/paged-section.tsx'
import { SettlementTrack } from '~/components/receipt/settlement-track.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { EpochStatusBadge } from '~/components/status.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { CodeBlock } from '~/components/ui/code-block.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { counted } from '@isochrone/domain'
import { addressOf, formatCount, formatUtc, shortHash } from '~/lib/words/format.ts'
import { checkedEpoch } from '~/lib/verify/checked-epoch.ts'
import { rowPage } from '~/lib/page/row-page.ts'
import { readSearch, type SearchParams } from '~/lib/page/search.ts'
import { chainContext, webUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Epoch' }

const ROWS_SHOWN = 50

export interface EpochPageProps {
  params: Promise<{ lane: string; epoch: string }>
  searchParams: SearchParams
}

export default async function EpochPage({ params, searchParams }: EpochPageProps) {
  const { lane, epoch: text } = await params
  if (!/^0x[0-9a-f]{64}$/.test(lane) || !/^\d{1,15}$/.test(text)) notFound()
  const search = await readSearch(searchParams)
  const after = /^\d{1,15}$/.test(search.cursor ?? '') ? Number(search.cursor) : undefined
  const path = `/epochs/${lane}/${text}`
  const key = { lane, epoch: Number(text) }
  const afterLease = /^\d{1,15}$/.test(search.leases ?? '') ? Number(search.leases) : undefined
  const [epoch, receipts, leases] = await pageData(path, (api) =>
    Promise.all([
      api.epochs.detail(key),
      api.epochs.receipts({ ...key, after, limit: ROWS_SHOWN }),
      api.epochs.leaseReceipts({ ...key, after: afterLease, limit: ROWS_SHOWN }),
    ]),
  )
  const records = rowPage(epoch.records, search.records, ROWS_SHOWN)
  const vouchers = rowPage(epoch.vouchers, search.vouchers, ROWS_SHOWN)
  const paging = { path, search, words: { first: 'First', next: `Next ${ROWS_SHOWN}` } }
  const isAtTop = !search.cursor && !search.leases && !search.records && !search.vouchers
  const { chainId, receiptAnchor, rpcUrl } = await chainContext()
  const transactions = { anchored: epoch.anchoredTx, claimed: epoch.claimedTx, settled: epoch.settledTx }
  return (
    <>
      <PageHeader
        trail={[{ href: '/epochs', label: 'Epochs' }]}
        title={`Epoch ${epoch.epoch}`}
        description={`Of lane ${shortHash(addressOf(lane))}: every receipt that its gateway signed in that time, under one root.`}
        badges={<EpochStatusBadge status={epoch.status} />}
        actions={epoch.status !== 'settled' && isAtTop && <LiveRefresh intervalMs={5_000} />}
      />
      <EpochTotals epoch={epoch} />
      <Section title="Settlement">
        <SettlementTrack
          stage={epoch.status}
          transactions={transactions}
          txStages={await txStagesOf(Object.values(transactions))}
          note={
            epoch.payableAtMs === null ? undefined : `Without any record payable from ${formatUtc(epoch.payableAtMs)}.`
          }
        />
      </Section>
      <Section
        title="Check it yourself"
        description="The command needs the file and a chain endpoint, no account and no database of ours. It names the first thing that does not hold."
        actions={
          <>
            {epoch.anchoredTx && (
              <ButtonLink size="sm" tone="quiet" href={`/disputes/new/epoch?lane=${lane}&epoch=${epoch.epoch}`}>
                It is withheld
              </ButtonLink>
            )}
            {epoch.fileUrl && (
              <ButtonLink size="sm" href={epoch.fileUrl} prefetch={false}>
                <Download aria-hidden className="size-3.5" /> Epoch file
              </ButtonLink>
            )}
          </>
        }
      >
        <VerifyCommand epoch={epoch} />
      </Section>
      <Section title="What was anchored">
        <Anchored epoch={epoch} />
      </Section>
      <Section title="Checks" description="Your browser recovers the signer itself, and asks the chain what it holds.">
        <EpochChecks
          epoch={checkedEpoch(epoch)}
          status={epoch.status}
          domain={{ chainId, verifyingContract: receiptAnchor }}
          anchor={{ rpcUrl, chainId, receiptAnchor }}
        />
      </Section>
      <PagedSection
        {...paging}
        title="Performance records"
        id="records"
        description="One for each node: final, it releases what the node earned; invalid, it freezes it."
        nextCursor={records.nextCursor}
      >
        <RecordsTable records={records.rows} />
      </PagedSection>
      <PagedSection
        {...paging}
        title="Vouchers"
        id="vouchers"
        description="Cumulative: each says how much a channel owes a provider in all, by this lane."
        nextCursor={vouchers.nextCursor}
      >
        <VouchersTable vouchers={vouchers.rows} />
      </PagedSection>
      <PagedSection
        {...paging}
        title="Receipts"
        id="receipts"
        description="By their numbers in the lane. Lease receipts have numbers too: they are listed for their renter and their provider alone; the file has all of them."
        nextCursor={receipts.nextCursor}
        param="cursor"
      >
        {receipts.items.length > 0 ? (
          <EpochReceiptsTable lane={lane} receipts={receipts.items} />
        ) : (
          <EmptyState
            title={
              after === undefined ? 'No receipt of a request in it is stored here' : 'No receipts beyond this number'
            }
          >
            {after === undefined
              ? 'They arrive a moment after the epoch closes; it may have lease receipts alone. The file has all of them.'
              : 'Go back to the first ones.'}
          </EmptyState>
        )}
      </PagedSection>
      {(leases.items.length > 0 || afterLease !== undefined) && (
        <PagedSection
          {...paging}
          title="Lease receipts"
          id="leases"
          description="Those of your leases and of your nodes, by their numbers in the lane."
          nextCursor={leases.nextCursor}
        >
          <EpochLeaseReceiptsTable lane={lane} receipts={leases.items} />
        </PagedSection>
      )}
    </>
  )
}

async function VerifyCommand({ epoch }: { epoch: EpochDetail }) {
  if (!epoch.fileUrl) {
    return (
      <Notice>
        The gateway of this lane is not known here, so neither is the address of its file. Nodes with receipts in the
        epoch keep copies.
      </Notice>
    )
  }
  const file = `epoch-${epoch.epoch}.jsonl.gz`
  const gateway = epoch.fileUrl.replace(/\/v1\/epochs\/.*$/, '')
  const { publicRpcUrl } = await chainContext()
  const rpc = publicRpcUrl ?? 'https://YOUR-CHAIN-ENDPOINT'
  const commands = [
    `curl -fsS -o ${file} ${epoch.fileUrl}`,
    `curl -fsS -o deployment.json ${await webUrl()}/api/deployment`,
    // The gateway as well: what was signed before is in the files of the epochs before.
    `npm run verify-epoch -- ${file} --rpc ${rpc} --deployment deployment.json --gateway ${gateway}`,
  ]
  return <CodeBlock code={commands.join('\n')} label="commands that verify this epoch" />
}

function Corrections({ epoch: { sumMicroUsd, corrections } }: { epoch: EpochDetail }) {
  const { count, refundMicroUsd } = corrections
  return (
    <span>
      {counted(count, 'receipt says', 'receipts say')} more tokens than the text has. The vouchers are lower by{' '}
      <Money microUsd={refundMicroUsd} />: providers earn <Money microUsd={sumMicroUsd - refundMicroUsd} /> of the sum.
    </span>
  )
}

function Anchored({ epoch }: { epoch: EpochDetail }) {
  return (
    <Facts
      items={[
        ['Numbers', `${formatCount(epoch.fromSeq)} to ${formatCount(epoch.toSeq)} of the lane`],
        ...(epoch.corrections.count > 0 ? [['Corrections', <Corrections key="c" epoch={epoch} />] as const] : []),
        [
          'Leaves',
          `${formatCount(epoch.count)}: delivery receipts with the work receipts that they answer, and lease receipts`,
        ],
        ['Merkle root', <Hash key="r" full value={epoch.root} label="Merkle root" />],
        ['Data hash', <Hash key="d" full value={epoch.dataHash} label="hash of the epoch file" />],
        ['Lane', <Hash key="l" full value={addressOf(epoch.lane)} label="lane key" />],
      ]}
    />
  )
}
