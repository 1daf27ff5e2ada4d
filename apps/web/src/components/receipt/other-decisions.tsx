/** The decisions of a request beside the one that served, in the order in which they were made; each opens on demand. */
import type { OtherDecisions, PlacementView } from '~/lib/market/placement.ts'
import { Decision, DecisionSummary } from './decision.tsx'

interface OtherDecisionListProps extends OtherDecisions {
  nameOf: (id: string) => string
}

export function OtherDecisionList({ earlier, later, nameOf }: OtherDecisionListProps) {
  return (
    <div className="mt-4">
      <h3 className="mb-1.5 font-medium">Other decisions of this request</h3>
      <ol className="flex flex-col gap-2">
        {earlier.map((record, n) => (
          <OtherDecision key={`earlier-${n}`} number={n + 1} record={record} nameOf={nameOf} />
        ))}
        {later.map((record, n) => (
          <OtherDecision key={`later-${n}`} number={earlier.length + n + 2} record={record} nameOf={nameOf} />
        ))}
      </ol>
    </div>
  )
}

interface OtherDecisionProps {
  number: number
  record: PlacementView | null
  nameOf: (id: string) => string
}

function OtherDecision({ number, record, nameOf }: OtherDecisionProps) {
  if (record === null) {
    return (
      <li className="rounded-md border border-line bg-surface px-3 py-2 text-ink-2">
        Decision {number} was recorded in a form that this page does not know. It is in the downloaded record.
      </li>
    )
  }
  return (
    <li>
      <details className="rounded-md border border-line bg-surface">
        <summary className="cursor-pointer px-3 py-2">
          <span className="font-medium">Decision {number}</span>{' '}
          <span className="text-ink-2">{outcomeOf(record, nameOf)}</span>
        </summary>
        <div className="min-w-0 border-t border-line px-3 py-3">
          <p className="mb-2.5 max-w-[80ch] text-ink-3">
            <DecisionSummary record={record} nameOf={nameOf} />
          </p>
          <Decision record={record} nameOf={nameOf} />
        </div>
      </details>
    </li>
  )
}

/** In a few words, so that it need not be opened: whom it chose and which attempts left by it. */
function outcomeOf({ choice, sent }: PlacementView, nameOf: (id: string) => string): string {
  const chose = choice === null ? 'found nobody' : `chose ${nameOf(choice)}`
  if (sent.length === 0) return `${chose}; nothing was sent by it`
  const attempts = sent
    .map(({ attempt, declinedBehind }) => `${attempt + 1}${declinedBehind === undefined ? '' : ' (declined)'}`)
    .join(', ')
  return `${chose}; attempt${sent.length === 1 ? '' : 's'} ${attempts}`
}
