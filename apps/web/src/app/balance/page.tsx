/** What a team has on its channel, how it got there, and two ways to add to it. */
import type { BalanceView, MovementView } from '@isochrone/services'
import { AddFunds } from '~/components/money/add-funds.tsx'
import { WalletFunding } from '~/components/money/wallet-funding.tsx'
import { TxSteps } from '~/components/receipt/settlement-track.tsx'
import { LiveRefresh } from '~/components/shell/live-refresh.tsx'
import { OrderStatusBadge } from '~/components/status.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { PageHeader, Section } from '~/components/ui/page-header.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/format.ts'
import type { TxStage } from '~/lib/tx-stage.ts'
import { chainContext } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'
import { txStagesOf } from '~/server/tx-stages.ts'

export const metadata = { title: 'Balance' }

export default async function BalancePage() {
  const organisation = await requireOrganisation('/balance')
  const balance = await pageData('/balance', (api) => api.balance.get())
  const { chainId, rpcUrl, paymentChannels } = await chainContext()
  const txStages = await txStagesOf(balance.movements.map(({ txHash }) => txHash))
  const disabledReason = adminOnlyReason(organisation)
  const custody = balance.channel?.custody ?? null
  return (
    <>
      <PageHeader
        title="Balance"
        description="Your escrow on the chain. Requests can draw at most the deposit, and never more than the ceiling that its owner has signed."
        actions={<LiveRefresh intervalMs={3_000} />}
      />
      <BalanceStats balance={balance} />
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
      {balance.orders.length > 0 && <Orders orders={balance.orders} />}
      <Section title="Movements" description="Every event of the channel on the chain, newest first.">
        {balance.movements.length === 0 ? (
          <EmptyState title="Nothing has moved yet">
            Deposits, ceilings and claims appear here once they are in a block.
          </EmptyState>
        ) : (
          <Movements movements={balance.movements} txStages={txStages} />
        )}
      </Section>
      {balance.channel && (
        <Section title="Channel">
          <Facts
            items={[
              ['Channel', <Hash key="c" full value={balance.channel.channelId} label="channel id" />],
              [
                'Held by',
                custody === 'managed'
                  ? 'Isochrone, for this organisation. It holds the key and could spend all of it; a wallet channel keeps that key with you.'
                  : 'your wallet',
              ],
              ['Owner', <Hash key="o" full value={balance.channel.ownerAddress} label="owner address" />],
              ['Contract', <Hash key="p" full value={paymentChannels} label="address of PaymentChannels" />],
              [
                'Withdrawing',
                custody === 'managed'
                  ? 'not offered for managed balances'
                  : 'The owner calls requestWithdrawal(channelId, amount) on the contract with an amount in µUSDC, and withdraw(channelId, to) once the thaw is over. Requests can no longer draw what was asked back.',
              ],
            ]}
          />
        </Section>
      )}
    </>
  )
}

function BalanceStats({ balance: { channel, spentLastDayMicroUsd } }: { balance: BalanceView }) {
  const money = (microUsd: bigint | undefined) => <Money microUsd={microUsd ?? 0n} />
  return (
    <Stats
      items={[
        { label: 'Available', value: money(channel?.availableMicroUsd), hint: 'to spend now' },
        { label: 'Deposited', value: money(channel?.depositedMicroUsd), hint: 'in all' },
        { label: 'Ceiling', value: money(channel?.ceilingMicroUsd), hint: 'signed by the owner' },
        { label: 'Signed for', value: money(channel?.signedMicroUsd), hint: 'sum of receipts' },
        { label: 'Claimed', value: money(channel?.claimedMicroUsd), hint: 'drawn on the chain' },
        { label: 'Spent in 24 h', value: money(spentLastDayMicroUsd), hint: 'sum of receipts' },
      ]}
    />
  )
}

function Orders({ orders }: { orders: BalanceView['orders'] }) {
  return (
    <Section title="Orders">
      <Table label="Funding orders" className="min-w-[560px]">
        <thead>
          <tr>
            <Th>Ordered, UTC</Th>
            <Th>State</Th>
            <Th numeric>Amount</Th>
            <Th>Transaction</Th>
            <Th>Error</Th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <Tr key={order.id}>
              <Td>
                <Utc at={order.createdAtMs} bare />
              </Td>
              <Td>
                <OrderStatusBadge status={order.status} />
              </Td>
              <Td numeric>
                <Money microUsd={order.microUsd} />
              </Td>
              <Td>{order.txHash ? <Hash value={order.txHash} label="transaction" /> : '—'}</Td>
              <Td className="text-ink-2">{order.error ?? '—'}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </Section>
  )
}

const movementWords: Record<MovementView['kind'], string> = {
  deposit: 'deposit',
  ceiling: 'ceiling raised to',
  claim: 'claimed for receipts',
  withdrawal_requested: 'withdrawal requested',
  withdrawal: 'withdrawal',
}

function Movements({ movements, txStages }: { movements: MovementView[]; txStages: Record<string, TxStage> }) {
  return (
    <Table label="Movements" className="min-w-[760px]">
      <thead>
        <tr>
          <Th>In a block at, UTC</Th>
          <Th>What</Th>
          <Th numeric>Amount</Th>
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
            <Td>{movementWords[movement.kind]}</Td>
            <Td numeric>
              <Money microUsd={movement.microUsd} />
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
