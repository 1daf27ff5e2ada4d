/** One decision: who was compared and what each would have cost, and who was out. */
import { Badge } from '~/components/ui/badge.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import {
  comparedSentence,
  excludedSentence,
  formatScoreUsd,
  policyPhrases,
  refusedSentence,
  rejectionText,
  sentSentence,
  type PlacementView,
} from '~/lib/market/placement.ts'
import { CandidatesTable } from './candidates-table.tsx'

export interface DecisionProps {
  record: PlacementView
  nameOf: (id: string) => string
}

export function Decision({ record, nameOf }: DecisionProps) {
  const excluded = excludedSentence(record)
  return (
    <>
      {record.choice === null && (
        <Notice tone="warn" className="mb-3">
          {refusedSentence(record)}
        </Notice>
      )}
      {record.candidates.length > 0 && <CandidatesTable record={record} nameOf={nameOf} />}
      {record.rejected.length > 0 && <Rejected record={record} nameOf={nameOf} />}
      {excluded !== null && <p className="mt-3 text-ink-2">{excluded}</p>}
    </>
  )
}

/** What was asked, how many could serve it, and what became of it. */
export function DecisionSummary({ record, nameOf }: DecisionProps) {
  const { request, explored, engineVersion, sent } = record
  const worth = request.policy?.valueOfSecondMicroUsd ?? request.valueOfSecondMicroUsd
  const asked = request.policy ? policyPhrases(request.policy, nameOf) : []
  return (
    <>
      {comparedSentence(record)}
      {worth !== null && ` A second of waiting was worth $${formatScoreUsd(worth)} to you.`}
      {asked.length > 0 && ` Policy: ${asked.join('; ')}.`}
      {explored && ' This one was chosen to learn how it does now, not because it scored best.'}{' '}
      {sentSentence(sent, nameOf)} Engine version {engineVersion}.
    </>
  )
}

function Rejected({ record, nameOf }: DecisionProps) {
  return (
    <div className="mt-3">
      <h3 className="mb-1 font-medium">Not considered</h3>
      <ul className="flex flex-col gap-1 text-ink-2">
        {record.rejected.map(({ nodeId, reason }) => (
          <li key={nodeId} className="flex flex-wrap items-center gap-x-1.5">
            <span className="font-medium text-ink">{nameOf(nodeId)}</span> {rejectionText(reason)}{' '}
            <Badge>{reason.replaceAll('_', ' ')}</Badge>
          </li>
        ))}
      </ul>
    </div>
  )
}
