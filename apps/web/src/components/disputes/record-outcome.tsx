/** What the receipts of an epoch say about a node's record: the verdict by rule, and every figure that it compares. */
import type { RecordCaseView } from '@isochrone/services'
import { computeRecordOutcome, RECORD_RULE, recordFieldWords, type RecordOutcome } from '@isochrone/verifier/sla'
import { CircleCheck, CircleHelp, CircleX } from 'lucide-react'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money } from '~/components/ui/values.tsx'
import { formatCount } from '~/lib/words/format.ts'
import { OutcomeBox } from './outcome-box.tsx'

const verdicts = {
  stands: { tone: 'good', icon: CircleCheck, word: 'record stands' },
  wrong: { tone: 'warn', icon: CircleX, word: 'record wrong' },
  undecidable: { tone: 'neutral', icon: CircleHelp, word: 'cannot be computed' },
} as const

export function RecordOutcomeView({ found: { record, evidence } }: { found: RecordCaseView }) {
  const outcome = computeRecordOutcome({ record: record.record, ...evidence })
  const { deliveries, works, leases, terms } = evidence
  return (
    <>
      <OutcomeBox verdict={verdicts[outcome.verdict]} reason={outcome.reason} rule={RECORD_RULE} />
      <ComparedFacts outcome={outcome} />
      <Facts
        items={[
          ['Delivery receipts read', formatCount(deliveries.length)],
          ['Work receipts beside them', formatCount(works.length)],
          ['Lease receipts read', formatCount(leases.length)],
          ['Terms that they name', formatCount(Object.keys(terms).length)],
        ]}
      />
    </>
  )
}

/** The record's figures beside those that follow from receipts, and the samples that made the counts. */
export function ComparedFacts({ outcome: { compared, recomputed } }: { outcome: RecordOutcome }) {
  const counts = recomputed?.counts ?? []
  const sum = (field: 'samples' | 'ttftOver' | 'tpotOver') => counts.reduce((total, row) => total + row[field], 0)
  const rows = compared.map(({ field, said, recomputed: again }) => [
    recordFieldWords[field],
    <span key={field}>
      <Figure field={field} value={said} /> in the record
      {again !== null && (
        <>
          ; <Figure field={field} value={again} /> recomputed
        </>
      )}
    </span>,
  ])
  if (rows.length === 0) return null
  const samples = [
    ['Samples that count', formatCount(sum('samples'))],
    ['Late first tokens', formatCount(sum('ttftOver'))],
    ['Slow between tokens', formatCount(sum('tpotOver'))],
  ]
  return <Facts items={[...rows, ...(recomputed ? samples : [])] as [string, React.ReactNode][]} />
}

function Figure({ field, value }: { field: RecordOutcome['compared'][number]['field']; value: string }) {
  if (field === 'earned') return <Money microUsd={BigInt(value)} />
  if (field === 'countsRoot') return <Hash value={value} label="root of counts" />
  return formatCount(Number(value))
}
