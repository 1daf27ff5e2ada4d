/** From a record to its payout: signed → reported → final, which releases → paid out. */
import type { RecordDetail } from '@isochrone/services'
import { CheckCheck, CircleX, Hourglass, LockOpen, PenLine, TriangleAlert } from 'lucide-react'
import { Track, type TrackStep } from '~/components/track.tsx'
import { formatUtc } from '~/lib/words/format.ts'
import type { TxStage } from '~/lib/money/tx-stage.ts'

export function ReleaseTrack({ record, txStages }: { record: RecordDetail; txStages: Record<string, TxStage> }) {
  return <Track label="Release" steps={stepsOf(record)} txStages={txStages} />
}

function stepsOf(record: RecordDetail): TrackStep[] {
  const { status, standing } = record
  const isPaid = standing.state === 'paid'
  const reached = isPaid ? 3 : status === 'final' ? 2 : status === 'signed' ? 0 : 1
  const stateAt = (index: number): TrackStep['state'] =>
    index === reached ? 'current' : index < reached ? 'done' : 'ahead'
  return [
    {
      key: 'signed',
      icon: PenLine,
      word: 'record signed',
      hint: record.nodeSigned ? 'By the lane and by the node.' : 'By the lane alone.',
      state: stateAt(0),
      note: record.nodeSigned ? undefined : (record.nodeReason ?? 'The node did not answer in time.'),
    },
    {
      key: 'reported',
      icon: Hourglass,
      word: 'reported',
      hint: status === 'reported' ? 'On the chain, open to challenge.' : 'On the chain.',
      state: stateAt(1),
      hashes: [record.reportedTx],
      note:
        status === 'reported' && record.finalAtMs !== null
          ? `The window ends at ${formatUtc(record.finalAtMs)}.`
          : undefined,
    },
    verdictStep(record, stateAt(2)),
    {
      key: 'paid',
      icon: CheckCheck,
      word: 'paid out',
      hint: 'To the provider, less the fee.',
      state: stateAt(3),
      hashes: isPaid || status === 'final' ? record.payouts.map(({ txHash }) => txHash) : [],
      note: isPaid && status !== 'final' ? 'By the end of the grace period: no record released it in time.' : undefined,
    },
  ]
}

function verdictStep(record: RecordDetail, state: TrackStep['state']): TrackStep {
  const { status, challengedTx, challengerReason, finalTx } = record
  const reason = challengerReason ?? undefined
  if (status === 'invalid') {
    return {
      key: 'final',
      icon: CircleX,
      word: 'invalid: frozen',
      hint: 'Waits for a corrected version.',
      state: 'stopped',
      hashes: [challengedTx, finalTx],
      note: reason,
    }
  }
  if (status === 'challenged') {
    const hint = 'Three arbiters are drawn; two of them judge it.'
    return {
      key: 'final',
      icon: TriangleAlert,
      word: 'challenged',
      hint,
      state: 'stopped',
      hashes: [challengedTx],
      note: reason,
    }
  }
  return {
    key: 'final',
    icon: LockOpen,
    word: 'final: released',
    hint: 'What the node earned can be settled.',
    state,
    hashes: [challengedTx, finalTx],
  }
}
