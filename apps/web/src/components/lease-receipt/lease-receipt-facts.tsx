/** Who, when and how much, of one lease receipt. */
import type { LeaseReceiptDetail } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { EpochFact } from '~/components/receipt/epoch-fact.tsx'
import { NodeFact } from '~/components/receipt/node-fact.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Stats } from '~/components/ui/stat.tsx'
import { Hash, Money, TimeOfDay, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs, formatUtc } from '~/lib/words/format.ts'

type Props = { receipt: LeaseReceiptDetail }

export function LeaseReceiptStats({ receipt }: Props) {
  const { priceMicroUsd, gpuMs, fromMs, toMs, terms } = receipt
  const perGpuHour = terms?.values ? BigInt(terms.values.perGpuHour ?? 0) : null
  return (
    <Stats
      items={[
        { label: 'Price', value: <Money microUsd={priceMicroUsd} />, hint: `${priceMicroUsd} µUSD` },
        {
          label: 'Price of the terms',
          value: perGpuHour === null ? '—' : <Money microUsd={perGpuHour} decimalsMin={2} />,
          hint: 'per GPU and hour',
        },
        { label: 'GPU time', value: `${formatCount(gpuMs / 1_000)} s`, hint: `${formatCount(gpuMs)} ms` },
        { label: 'Span', value: formatMs(toMs - fromMs), hint: gpusOf(receipt) },
        { label: 'From, UTC', value: <TimeOfDay at={fromMs} />, hint: formatUtc(fromMs).slice(0, 10) },
        { label: 'To, UTC', value: <TimeOfDay at={toMs} />, hint: formatUtc(toMs).slice(0, 10) },
      ]}
    />
  )
}

function gpusOf({ gpuMs, fromMs, toMs }: LeaseReceiptDetail): string {
  const span = toMs - fromMs
  if (span <= 0) return 'no time'
  const gpus = gpuMs / span
  return Number.isInteger(gpus) ? `of ${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}` : `${gpus.toFixed(2)} GPUs on average`
}

export function LeasePartyFacts({ receipt }: Props) {
  const { node, nodeId, lane, channelId, fields, isPayer, leaseId, providerId } = receipt
  return (
    <Facts
      items={[
        ['Node', <NodeFact key="n" node={node} nodeId={nodeId} />],
        [
          'Provider',
          node?.providerName ?? (providerId ? <Hash key="v" value={providerId} label="provider id" /> : '—'),
        ],
        ['Gateway lane', <Hash key="l" value={addressOf(lane)} label="lane key" />],
        [
          'Payer’s channel',
          <span key="c" className="flex flex-wrap items-center gap-1.5">
            {isPayer && 'yours'} <Hash value={channelId} label="channel id" />
          </span>,
        ],
        ['Terms', <Hash key="t" value={String(fields.termsHash)} label="terms hash" />],
        [
          'Lease',
          leaseId ? (
            <Link key="s" className="link break-all" href={`/leases/${leaseId}`}>
              {leaseId}
            </Link>
          ) : (
            <Hash key="s" value={String(fields.leaseId)} label="hash of the lease’s id" />
          ),
        ],
      ]}
    />
  )
}

export function LeaseTimeFacts({ receipt }: Props) {
  const { fromMs, toMs, gpuMs, lane, epoch, epochClosedAtMs, payableAtMs } = receipt
  return (
    <Facts
      items={[
        ['Served from', <Utc key="f" at={fromMs} />],
        ['To', <Utc key="o" at={toMs} />],
        ['GPU time', `${formatCount(gpuMs)} ms, ${gpusOf(receipt)}`],
        ['Epoch', <EpochFact key="e" lane={lane} epoch={epoch} />],
        ['Epoch closed', epochClosedAtMs === null ? '—' : <Utc key="c" at={epochClosedAtMs} />],
        ['Payable anyway from', payableAtMs === null ? '—' : <Utc key="p" at={payableAtMs} />],
      ]}
    />
  )
}
