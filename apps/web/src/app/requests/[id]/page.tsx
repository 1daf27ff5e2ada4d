/** One request and its receipts: what was delivered, by whom, for how much, whether it holds, and where the money is. */
import type { RequestDetail } from '@isochrone/services'
import { PlacementPanel } from '~/components/receipt/placement-panel.tsx'
import { RecountsTable } from '~/components/recounts-table.tsx'
import { ReceiptPanel } from '~/components/receipt/receipt-panel.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { RequestStatusBadge, SettlementBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs, shortHash, nodeLabel } from '~/lib/words/format.ts'
import { declinedWords } from '~/lib/market/placement.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Request' }

export default async function RequestPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  const [request, market] = await pageData(`/requests/${id}`, (api) =>
    Promise.all([api.requests.detail({ id }), api.marketplace.offers({})]),
  )
  const { chainId, paymentChannels } = await chainContext()
  const txStages = await txStagesOf(request.receipts.flatMap((r) => [r.anchoredTx, r.claimedTx, r.settledTx]))
  return (
    <>
      <PageHeader
        trail={[{ href: '/requests', label: 'Requests' }]}
        title={<Hash value={request.id} label="request id" full />}
        badges={
          <>
            <RequestStatusBadge status={request.status} />
            <SettlementBadge stage={request.settlement} />
          </>
        }
        actions={request.settlement === 'settled' ? undefined : <LiveRefresh intervalMs={3_000} />}
      />
      <Summary request={request} />
      {request.errorMessage && (
        <Notice tone="bad" className="mb-6">
          {request.errorMessage} <span className="text-xs">({request.errorCode})</span>
        </Notice>
      )}
      {request.recounts.length > 0 && (
        <Section
          title="Recount"
          description="A node claimed more tokens than its text has. What is refunded you do not pay: the receipt stands as it was signed, the lane’s voucher is lower. What was found too late can be disputed."
        >
          <RecountsTable recounts={request.recounts} ofRequest />
        </Section>
      )}
      {request.receipts.map((receipt) => (
        <ReceiptPanel
          key={`${receipt.lane}-${receipt.seq}`}
          receipt={receipt}
          domain={{ chainId, verifyingContract: paymentChannels }}
          txStages={txStages}
        />
      ))}
      <Attempts attempts={request.attempts} />
      <PlacementPanel
        requestId={request.id}
        placement={request.placement}
        nodeNames={{
          ...Object.fromEntries(market.offers.map((offer) => [offer.providerId, offer.providerName])),
          ...Object.fromEntries(market.offers.map((offer) => [offer.nodeId, nodeLabel(offer)])),
          ...namesOf(request),
        }}
      />
    </>
  )
}

function Summary({ request }: { request: RequestDetail }) {
  return (
    <Stats
      items={[
        {
          label: 'Price',
          value: <Money microUsd={request.priceMicroUsd} />,
          hint: request.keyName ? `Key “${request.keyName}”` : 'exact to the micro-dollar',
        },
        { label: 'Model', value: request.model, hint: request.path },
        {
          label: 'Received, UTC',
          value: <Utc at={request.receivedAtMs} bare />,
          hint: request.stream ? 'streamed' : 'one answer',
        },
        {
          label: 'Time to first token',
          value: formatMs(request.ttftMs),
          hint: `${formatMs(request.tpotMs)} per further token`,
        },
        {
          label: 'Duration',
          value: formatMs(request.finishedAtMs - request.receivedAtMs),
          hint: `HTTP ${request.httpStatus}`,
        },
        {
          label: 'Tokens in / out',
          value: `${formatCount(request.tokensIn + request.tokensCached)} / ${formatCount(request.tokensOut)}`,
          hint: `${formatCount(request.tokensCached)} of those in were cached`,
        },
      ]}
    />
  )
}

function Attempts({ attempts }: { attempts: RequestDetail['attempts'] }) {
  if (attempts.length === 0) return null
  return (
    <Section title="Attempts" description="Each dispatch to a node. Only what was delivered is billed, once.">
      <DataTable
        label="Attempts"
        stacks
        rows={attempts}
        rowKey={(attempt) => attempt.attempt}
        columns={[
          {
            head: '#',
            headClassName: 'w-12',
            numeric: true,
            className: 'max-sm:font-medium',
            cell: ({ attempt }) => (
              <>
                <span className="sm:hidden">Attempt </span>
                {attempt + 1}
              </>
            ),
          },
          {
            head: 'Node',
            className: 'whitespace-nowrap',
            cell: (attempt) => attempt.nodeName ?? shortHash(addressOf(attempt.nodeId)),
          },
          {
            head: 'Outcome',
            className: 'whitespace-nowrap',
            cell: ({ outcome, declined }) => (declined ? 'declined' : outcome.replaceAll('_', ' ')),
          },
          { head: 'TTFT', numeric: true, cell: (attempt) => formatMs(attempt.ttftMs) },
          { head: 'Duration', numeric: true, cell: (attempt) => formatMs(attempt.durationMs) },
          {
            head: 'What happened',
            className: 'text-ink-2 max-sm:col-span-2',
            cell: ({ message, declined }) => (declined ? `${declinedWords(declined)}.` : (message ?? '—')),
          },
        ]}
      />
    </Section>
  )
}

function namesOf(request: RequestDetail): Record<string, string> {
  const nodes = [request.node, ...request.receipts.map(({ node }) => node)].filter((node) => node !== null)
  return Object.fromEntries([
    ...request.attempts.flatMap(({ nodeId, nodeName }) => (nodeName ? [[nodeId, nodeName]] : [])),
    ...nodes.map((node) => [node.nodeId, nodeLabel(node)]),
  ])
}
