/** A case in three panes: the claim; what agent, gateway and witnesses recorded; the rule with what it computes to. */
import type { ComputedOutcome, DisputeCase } from '@isochrone/services'
import { CircleCheck, CircleHelp, CircleX } from 'lucide-react'
import { Link } from '~/components/ui/link.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { caseWords } from '~/lib/words/dispute-words.ts'
import { HandedIn } from './handed-in.tsx'
import { OutcomeBox } from './outcome-box.tsx'
import { Pane, Panes } from './pane.tsx'
import { PromisesAgain } from './promises-again.tsx'
import { Timelines } from './timelines.tsx'

export function CaseView({ dispute }: { dispute: DisputeCase }) {
  return (
    <Panes>
      <Pane title="Claim">
        <Claim dispute={dispute} />
      </Pane>
      <Pane title="Time lines">
        <Timelines dispute={dispute} />
      </Pane>
      <Pane title="Rule and outcome">
        <Outcome outcome={dispute.outcome} />
        <PromisesAgain dispute={dispute} />
      </Pane>
    </Panes>
  )
}

function Claim({ dispute: { dispute, receipt, lease, events } }: { dispute: DisputeCase }) {
  const about = lease ?? receipt
  const documents = events.filter(({ hash, step }) => hash !== null && (step === 'filed' || step === 'answered'))
  return (
    <>
      <Facts
        items={[
          ['Claim', caseWords({ dispute, lease }).label],
          ['Asked back', <Money key="a" microUsd={dispute.amountMicroUsd} />],
          ['Of a price of', <Money key="p" microUsd={dispute.priceMicroUsd} />],
          ['Bond', <Money key="b" microUsd={dispute.bondMicroUsd} />],
          [
            'Held of the provider',
            <span key="h">
              <Money microUsd={dispute.frozenMicroUsd} /> pending, <Money microUsd={dispute.lockedMicroUsd} /> stake
            </span>,
          ],
          ['Provider', dispute.providerName ?? '—'],
          ['Filed by', <Hash key="f" value={dispute.filer} label="filer" />],
          ['Filed', <Utc key="u" at={dispute.filedAtMs} />],
          [
            'About',
            about ? (
              <Link key="r" className="link" href={`/receipts/${about.lane}/${about.seq}`}>
                {lease ? 'Lease receipt' : 'Receipt'} {about.seq}
              </Link>
            ) : (
              <Hash key="s" value={dispute.subject} label="subject" />
            ),
          ],
          [
            'Epoch',
            <Link key="e" className="link" href={`/epochs/${dispute.lane}/${dispute.epoch}`}>
              {dispute.epoch}
            </Link>,
          ],
        ]}
      />
      {documents.map((event) => (
        <HandedIn
          key={`${event.txHash}${event.hash}`}
          title={event.step === 'filed' ? 'Evidence of the payer' : 'Answer'}
          hash={event.hash ?? ''}
          text={event.document?.text ?? null}
        />
      ))}
    </>
  )
}

const verdicts = {
  upheld: { tone: 'warn', icon: CircleCheck, word: 'claim upheld' },
  unfounded: { tone: 'good', icon: CircleX, word: 'claim unfounded' },
  undecidable: { tone: 'neutral', icon: CircleHelp, word: 'cannot be computed' },
} as const

function Outcome({ outcome }: { outcome: ComputedOutcome }) {
  return (
    <>
      <OutcomeBox verdict={verdicts[outcome.verdict]} reason={outcome.reason} rule={outcome.rule}>
        {outcome.refundMicroUsd !== null && (
          <span>
            Refund <Money microUsd={outcome.refundMicroUsd} className="font-medium" />
          </span>
        )}
      </OutcomeBox>
      {outcome.inputs.length > 0 && <Facts items={outcome.inputs.map(({ label, value }) => [label, value] as const)} />}
    </>
  )
}
