/** The node's epoch evaluated again from its receipts, as anyone can, beside what its record says on the chain. */
import type { DisputeCase } from '@isochrone/services'
import { computeRecordOutcome } from '@isochrone/verifier/sla'
import { Link } from '~/components/ui/link.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { ComparedFacts } from './record-outcome.tsx'

export function PromisesAgain({ dispute: { dispute, evidence, receipt, record } }: { dispute: DisputeCase }) {
  if (!receipt || !evidence || !record) return null
  const outcome = computeRecordOutcome({ record: record.record, ...evidence })
  const where = (
    <Link className="link" href={`/epochs/${dispute.lane}/${dispute.epoch}/records/${receipt.nodeId}`}>
      The record
    </Link>
  )
  return (
    <>
      <ComparedFacts outcome={outcome} />
      <Notice tone={outcome.verdict === 'stands' ? 'good' : outcome.verdict === 'wrong' ? 'warn' : undefined}>
        {outcome.reason} {where}
      </Notice>
    </>
  )
}
