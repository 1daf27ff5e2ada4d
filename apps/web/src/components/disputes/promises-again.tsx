/** The node's epoch evaluated again from its receipts, as anyone can, beside what its record says on the chain. */
import { decodeStruct, type Hex } from '@isochrone/protocol'
import type { DisputeCase } from '@isochrone/services'
import { evaluateSla } from '@isochrone/verifier/sla'
import { Link } from '~/components/ui/link.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formatCount } from '~/lib/format.ts'

const DELIVERIES_MAX = 2_000

export function PromisesAgain({ dispute }: { dispute: DisputeCase }) {
  const { deliveries, receipt, record } = dispute
  const values = receipt?.terms?.values
  if (!receipt || !values || deliveries.length === 0) return null
  const recomputed = evaluated(dispute, values)
  if (!recomputed) return null
  const { attempts, faults } = recomputed.record
  const over = recomputed.counts.reduce((sum, { ttftOver }) => sum + ttftOver, 0)
  const samples = recomputed.counts.reduce((sum, each) => sum + each.samples, 0)
  const isWhole = deliveries.length < DELIVERIES_MAX
  return (
    <>
      <Facts
        items={[
          [
            'Attempts in the epoch',
            `${formatCount(attempts)}${record ? `; record: ${formatCount(Number(record.record.attempts))}` : ''}`,
          ],
          [
            'Faults of the node',
            `${formatCount(faults)}${record ? `; record: ${formatCount(Number(record.record.faults))}` : ''}`,
          ],
          ['Samples that count', formatCount(samples)],
          ['Of them late at the first token', formatCount(over)],
        ]}
      />
      {record && isWhole && (
        <Notice tone={recomputed.record.countsRoot === record.countsRoot ? 'good' : 'warn'}>
          {recomputed.record.countsRoot === record.countsRoot
            ? 'Recomputed from the receipts, the counts are those of the record.'
            : 'Recomputed from the receipts that are stored here, the counts differ from the record’s.'}{' '}
          <Link
            className="link"
            href={`/epochs/${dispute.dispute.lane}/${dispute.dispute.epoch}/records/${receipt.nodeId}`}
          >
            The record
          </Link>
        </Notice>
      )}
    </>
  )
}

/** Null where receipts of the epoch name terms that are not at hand here. */
function evaluated({ deliveries, dispute, receipt }: DisputeCase, values: Record<string, string | number>) {
  try {
    const terms = decodeStruct('Terms', values)
    const receipts = deliveries.map((delivery) => ({ delivery: decodeStruct('DeliveryReceipt', delivery) }))
    const [node] = evaluateSla(
      {
        lane: dispute.lane as Hex,
        epoch: dispute.epoch,
        nodeId: receipt?.nodeId as Hex,
        terms: (hash) => (hash === receipt?.terms?.hash ? terms : undefined),
      },
      receipts,
    )
    return node ?? null
  } catch {
    return null
  }
}
