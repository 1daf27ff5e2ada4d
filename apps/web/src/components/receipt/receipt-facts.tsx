/** Who and how much, of one receipt: the same lists on every page that shows it. */
import type { ReceiptView } from '@isochrone/services'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { addressOf, formatCount, formatMs } from '~/lib/words/format.ts'
import { regionText } from '~/lib/listing/promises.ts'
import { EpochFact } from './epoch-fact.tsx'
import { NodeFact } from './node-fact.tsx'

type Props = { receipt: ReceiptView }

/** Node, provider, gateway and payer. */
export function PartyFacts({ receipt }: Props) {
  const { delivery, node } = receipt
  return (
    <Facts
      items={[
        ['Node', <NodeFact key="n" node={node} nodeId={receipt.nodeId} />],
        ['Provider', node?.providerName ?? '—'],
        ['Gateway lane', <Hash key="l" value={addressOf(receipt.lane)} label="lane key" />],
        ['Gateway region', regionText(String(delivery.region ?? ''))],
        ['Payer’s channel', <Hash key="c" value={String(delivery.channelId)} label="channel id" />],
        ['Terms', <Hash key="t" value={String(delivery.termsHash)} label="terms hash" />],
      ]}
    />
  )
}

/** What was billed, and when. */
export function BillFacts({ receipt }: Props) {
  const { delivery } = receipt
  const count = (field: string) => formatCount(Number(delivery[field] ?? 0))
  return (
    <Facts
      items={[
        ['Price', <Money key="p" microUsd={receipt.priceMicroUsd} className="font-semibold" />],
        [
          'Tokens billed',
          `${count('billedIn')} fresh in · ${count('billedCached')} cached in · ${count('billedOut')} out`,
        ],
        ['Bytes', `${count('bytesIn')} in · ${count('bytesOut')} out`],
        ['Attempt TTFT', formatMs(Number(delivery.attemptTtftMs))],
        ['Duration', formatMs(Number(delivery.durationMs))],
        ['Epoch', <EpochFact key="e" lane={receipt.lane} epoch={receipt.epoch} />],
      ]}
    />
  )
}

const workEnds = ['completed', 'aborted', 'engine failed']

/** The node's side of it: its own counts and clock, and hashes of what was asked and answered. */
export function WorkFacts({ receipt: { work, delivery } }: Props) {
  if (!work) {
    return (
      <Facts
        items={[
          ['Node’s receipt', 'none: the node never answered, or was lost before it signed'],
          ['Request', <Hash key="r" value={String(delivery.requestId)} label="request hash" />],
          ['Bytes', `${formatCount(Number(delivery.bytesIn))} in · ${formatCount(Number(delivery.bytesOut))} out`],
        ]}
      />
    )
  }
  const number = (field: string) => Number(work[field] ?? 0)
  return (
    <Facts
      items={[
        [
          'Node counted',
          `${formatCount(number('tokensIn'))} fresh in · ${formatCount(number('tokensCached'))} cached in · ${formatCount(number('tokensOut'))} out`,
        ],
        ['Engine TTFT', formatMs(number('engineTtftUs') / 1_000)],
        ['Engine time', formatMs(number('engineDurationUs') / 1_000)],
        [
          'Finished',
          <span key="f">
            <Utc at={number('finishedAtMs')} />, {workEnds[number('status')] ?? 'unknown'}
          </span>,
        ],
        ['Model', <Hash key="m" value={String(work.modelHash)} label="model hash" />],
        ['Request', <Hash key="q" value={String(work.requestHash)} label="hash of the request" />],
        ['Output', <Hash key="o" value={String(work.outputHash)} label="hash of the output" />],
      ]}
    />
  )
}
