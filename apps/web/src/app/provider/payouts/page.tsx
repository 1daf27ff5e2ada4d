/** A provider's managed account: what was paid to it, what is held for the stake, and what left it. */
import type { PayoutAccountView, PayoutOrderView, WalletStakeView } from '@isochrone/services'
import { redirect } from 'next/navigation'
import { ReleaseStake } from '~/components/provider/release-stake.tsx'
import { WithdrawPayout } from '~/components/provider/withdraw-payout.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { TxMark } from '~/components/track.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { ButtonLink } from '~/components/ui/button.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'Payouts' }

const trail = [{ href: '/provider', label: 'Nodes & earnings' }]

export default async function PayoutsPage() {
  const organisation = await requireOrganisation('/provider/payouts')
  if (!organisation.providerId) redirect('/provider')
  const [account, own] = await pageData('/provider/payouts', (api) =>
    Promise.all([api.provider.payoutAccount(), api.provider.walletStake()]),
  )
  if (!account) {
    return (
      <>
        <PageHeader
          trail={trail}
          title="Payouts"
          actions={
            own && (
              <>
                <LiveRefresh intervalMs={5_000} />
                <ReleaseStake
                  ownWallet={own.address}
                  disabledReason={adminOnlyReason(organisation) ?? whyNoRelease(own)}
                />
              </>
            )
          }
        />
        {own && (
          <Stats
            items={[
              {
                label: 'Stake on the chain',
                value: <Money microUsd={own.stakeMicroUsd} />,
                hint: own.releasing ? 'on its way back to your wallet' : 'yours again when you leave',
              },
            ]}
          />
        )}
        <EmptyState
          title="Your own wallet is paid"
          action={<ButtonLink href="/provider/claims">See claims</ButtonLink>}
        >
          What your nodes earn goes straight to it when an epoch settles. The platform holds no account of yours.
        </EmptyState>
        {own && own.orders.length > 0 && (
          <Section title="Stake that came back">
            <OrdersTable label="Stake that came back" orders={own.orders} />
          </Section>
        )}
      </>
    )
  }
  return (
    <>
      <PageHeader
        trail={trail}
        title="Payouts"
        description={
          <>
            Paid to your managed account <Hash value={account.address} label="account" />. The platform holds its key;
            anybody can see its balance.
          </>
        }
        actions={
          <>
            <LiveRefresh intervalMs={5_000} />
            {account.withholding && (
              <ReleaseStake disabledReason={adminOnlyReason(organisation) ?? whyNoRelease(account.withholding)} />
            )}
            <WithdrawPayout
              freeMicroUsd={account.freeMicroUsd}
              paidTo={paidTo(account.orders)}
              disabledReason={whyNot(organisation, account)}
            />
          </>
        }
      />
      <Stats items={statsOf(account)} />
      <Section title="What left the account">
        <OrdersTable label="What left the account" orders={account.orders} />
      </Section>
    </>
  )
}

/** Wallets that were named for a payment, the last first. */
function paidTo(orders: readonly PayoutOrderView[]): string[] {
  return [...new Set(orders.flatMap(({ kind, toAddress }) => (kind === 'stake' ? [] : toAddress)))]
}

function whyNot(
  organisation: Parameters<typeof adminOnlyReason>[0],
  { freeMicroUsd }: PayoutAccountView,
): string | undefined {
  return adminOnlyReason(organisation) ?? (freeMicroUsd > 0n ? undefined : 'There is nothing to withdraw now.')
}

function whyNoRelease({
  stakeMicroUsd,
  releasing,
}: Pick<WalletStakeView, 'stakeMicroUsd' | 'releasing'>): string | undefined {
  if (releasing) return 'Your stake is on its way back to you.'
  return stakeMicroUsd > 0n ? undefined : 'Nothing is in your stake yet.'
}

function statsOf(account: PayoutAccountView) {
  const { withholding } = account
  return [
    { label: 'Paid to it', value: <Money microUsd={account.paidMicroUsd} />, hint: 'all time, less the fee' },
    {
      label: 'Can be withdrawn',
      value: <Money microUsd={account.freeMicroUsd} />,
      hint: (
        <>
          of <Money microUsd={account.balanceMicroUsd} /> there
        </>
      ),
    },
    { label: 'Withdrawn', value: <Money microUsd={account.withdrawnMicroUsd} />, hint: 'on its way included' },
    {
      label: 'Withheld for stake',
      value: <Money microUsd={account.withheldMicroUsd} />,
      hint: withholding ? (
        <>
          next <Money microUsd={account.heldMicroUsd} />
        </>
      ) : (
        'nothing is withheld'
      ),
    },
    ...(withholding
      ? [
          {
            label: 'Stake on the chain',
            value: <Money microUsd={withholding.stakeMicroUsd} />,
            hint: (
              <>
                of <Money microUsd={withholding.targetMicroUsd} />: {withholding.full ? 'full' : 'no leases yet'}
              </>
            ),
          },
        ]
      : []),
  ]
}

const kinds = { withdrawal: 'to your wallet', stake: 'into your stake', release: 'your stake, to your wallet' } as const
const states = {
  queued: { tone: 'neutral', word: 'on its way' },
  taken: { tone: 'neutral', word: 'taken, stake follows' },
  done: { tone: 'good', word: 'done' },
} as const

function OrdersTable({ label, orders }: { label: string; orders: PayoutOrderView[] }) {
  return (
    <DataTable
      stacks
      label={label}
      rows={orders}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Asked, UTC', cell: ({ createdAtMs }) => <Utc at={createdAtMs} bare /> },
        { head: 'Amount', numeric: true, cell: ({ microUsd }) => <Money microUsd={microUsd} /> },
        {
          head: 'Where',
          cell: ({ kind, toAddress }) =>
            kind === 'stake' ? (
              kinds.stake
            ) : (
              <>
                {kinds.withdrawal} <Hash value={toAddress} label="wallet" />
              </>
            ),
        },
        {
          head: 'State',
          cell: ({ kind, status, error }) => (
            <>
              <Badge tone={states[status].tone}>
                {kind === 'release' && status === 'taken' ? 'thaws' : states[status].word}
              </Badge>
              {error && <div className="text-xs text-bad">{error}</div>}
            </>
          ),
        },
        {
          head: 'Transactions',
          cell: ({ takenTx, txHash }) =>
            takenTx || txHash ? (
              <span className="flex flex-wrap gap-2">
                {takenTx && <TxMark hash={takenTx} label="taken" />}
                {txHash && <TxMark hash={txHash} label="paid" />}
              </span>
            ) : (
              '—'
            ),
        },
      ]}
      empty={<p className="text-ink-3">Nothing has left it yet.</p>}
    />
  )
}
