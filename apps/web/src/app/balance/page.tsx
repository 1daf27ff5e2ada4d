/** A team's channel: what is on it, how it got there, two ways to add to it, and a statement to keep. */
import type { BalanceView } from '@isochrone/services'
import { FileJson, FileSpreadsheet } from 'lucide-react'
import { AddFunds } from '~/components/money/add-funds.tsx'
import { ChannelFacts } from '~/components/money/channel-facts.tsx'
import { historyKinds, HistoryTable, kindWords } from '~/components/money/history-table.tsx'
import { OrdersTable } from '~/components/money/orders-table.tsx'
import { WithdrawFunds } from '~/components/money/withdraw-funds.tsx'
import { WalletFunding } from '~/components/money/wallet-funding.tsx'
import { FilterBar } from '~/components/filter-bar.tsx'
import { DayInput, SelectInput } from '~/components/filter-inputs.tsx'
import { Pager } from '~/components/pager.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { ButtonLink, ButtonAnchor } from '~/components/ui/button.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Money } from '~/components/ui/values.tsx'
import { historyFilterOf } from '~/lib/page/history-filter.ts'
import { unclaimedMicroUsd } from '~/lib/money/withdrawal.ts'
import { hrefWith, readSearch, type SearchParams } from '~/lib/page/search.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Balance' }

export default async function BalancePage({ searchParams }: { searchParams: SearchParams }) {
  const organisation = await requireOrganisation('/balance')
  const search = await readSearch(searchParams)
  const filter = historyFilterOf(search)
  const [balance, history] = await pageData('/balance', (api) =>
    Promise.all([api.balance.get(), api.balance.history({ ...filter, cursor: search.cursor, limit: 50 })]),
  )
  const { chainId, rpcUrl, paymentChannels } = await chainContext()
  const disabledReason = adminOnlyReason(organisation)
  const custody = balance.channel?.custody ?? null
  const filtered = Object.keys(filter).length > 0 || search.cursor !== undefined
  return (
    <>
      <PageHeader
        title="Balance"
        description="Your escrow on the chain. Requests can draw at most the deposit, and never more than the ceiling that its owner has signed."
        actions={!filtered && <LiveRefresh intervalMs={5_000} />}
      />
      <ChannelStats balance={balance} />
      <div className="grid gap-x-8 lg:grid-cols-2">
        {custody !== 'wallet' && (
          <Section title="Managed by Isochrone" description="For teams that want no wallet.">
            <AddFunds disabledReason={disabledReason} />
          </Section>
        )}
        {custody !== 'managed' && (
          <Section title="From your own wallet" description="For teams that hold their own keys.">
            <WalletFunding chainId={chainId} rpcUrl={rpcUrl} disabledReason={disabledReason} />
          </Section>
        )}
      </div>
      {balance.channel?.custody === 'wallet' && unclaimedMicroUsd(balance.channel) > 0n && (
        <Section title="Take money out" description="Your wallet owns the channel; nobody else can do this.">
          <WithdrawFunds
            channel={balance.channel}
            paymentChannels={paymentChannels}
            chainId={chainId}
            rpcUrl={rpcUrl}
            nowMs={Date.now()}
          />
        </Section>
      )}
      {balance.orders.length > 0 && (
        <Section title="Orders">
          <OrdersTable orders={balance.orders} />
        </Section>
      )}
      <Section
        title="Movements"
        id="movements"
        description="Every event of the channel on the chain, newest first. A statement holds all that match the filters, exact to the micro-dollar."
        actions={
          history.items.length > 0 && (
            <>
              <ButtonAnchor size="sm" href={statementHref(search, 'csv')} download>
                <FileSpreadsheet aria-hidden className="size-3.5" /> Statement, CSV
              </ButtonAnchor>
              <ButtonAnchor size="sm" href={statementHref(search, 'json')} download>
                <FileJson aria-hidden className="size-3.5" /> JSON
              </ButtonAnchor>
            </>
          )
        }
      >
        {(history.items.length > 0 || filtered) && (
          <FilterBar action="/balance" label="Filter movements">
            <SelectInput
              name="kind"
              label="Kind of movement"
              value={filter.kind}
              any="Every kind"
              options={historyKinds.map((value) => ({ value, label: kindWords[value] }))}
            />
            <DayInput name="from" label="From" value={filter.fromDay} />
            <DayInput name="to" label="to" value={filter.toDay} />
          </FilterBar>
        )}
        {history.items.length > 0 ? (
          <HistoryTable
            movements={history.items}
            txStages={await txStagesOf(history.items.map(({ txHash }) => txHash))}
          />
        ) : filtered ? (
          <EmptyState
            title="No movements for these filters"
            action={<ButtonLink href="/balance">Clear the filters</ButtonLink>}
          >
            Nothing of that kind is on the chain in these days.
          </EmptyState>
        ) : (
          <EmptyState title="Nothing has moved yet">
            Deposits, ceilings, claims, refunds and credits appear here once they are in a block.
          </EmptyState>
        )}
        <Pager path="/balance" search={search} nextCursor={history.nextCursor} hash="movements" />
      </Section>
      {balance.channel && (
        <Section title="Channel" id="channel">
          <ChannelFacts channel={balance.channel} paymentChannels={paymentChannels} />
        </Section>
      )}
    </>
  )
}

const statementHref = (search: Record<string, string | undefined>, format: 'csv' | 'json') =>
  hrefWith('/balance/statement', search, { cursor: undefined, format })

function ChannelStats({ balance: { channel, spentLastDayMicroUsd } }: { balance: BalanceView }) {
  const money = (microUsd: bigint | undefined) => <Money microUsd={microUsd ?? 0n} />
  const unclaimed = channel ? unclaimedMicroUsd(channel) : 0n
  return (
    <Stats
      items={[
        { label: 'Available', value: money(channel?.availableMicroUsd), hint: 'to spend now' },
        {
          label: 'In the channel',
          value: money(unclaimed),
          hint: <>of {money(channel?.depositedMicroUsd)} deposited</>,
        },
        { label: 'Ceiling', value: money(channel?.ceilingMicroUsd), hint: 'signed by the owner' },
        { label: 'Signed for', value: money(channel?.signedMicroUsd), hint: 'sum of receipts' },
        { label: 'Claimed', value: money(channel?.claimedMicroUsd), hint: 'drawn on the chain' },
        { label: 'Spent in 24 h', value: money(spentLastDayMicroUsd), hint: 'sum of receipts' },
      ]}
    />
  )
}
