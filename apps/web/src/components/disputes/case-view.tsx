/** A case in three panes: the claim; what agent, gateway and witnesses recorded; the rule with what it computes to. */
import type { ComputedOutcome, DisputeCase } from '@isochrone/services'
import { CircleCheck, CircleHelp, CircleX } from 'lucide-react'
import { Link } from '~/components/ui/link.tsx'
import type { ReactNode } from 'react'
import { Badge } from '~/components/ui/badge.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Hash, Money, Utc } from '~/components/ui/values.tsx'
import { caseWords } from '~/lib/dispute-words.ts'
import { PromisesAgain } from './promises-again.tsx'
import { Timelines } from './timelines.tsx'

export function CaseView({ dispute }: { dispute: DisputeCase }) {
  return (
    <div className="mb-8 grid grid-cols-[minmax(0,1fr)] gap-4 xl:grid-cols-3">
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
    </div>
  )
}

function Pane({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="min-w-0">
      <h2 className="mb-2 text-base font-semibold">{title}</h2>
      <div className="flex flex-col gap-3">{children}</div>
    </section>
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
        <figure key={`${event.txHash}${event.hash}`} className="rounded-md border border-line bg-surface px-3.5 py-3">
          <figcaption className="mb-1 flex flex-wrap items-center gap-x-2 text-xs text-ink-3">
            {event.step === 'filed' ? 'Evidence of the payer' : 'Answer'} <Hash value={event.hash ?? ''} label="hash" />
          </figcaption>
          {event.document ? (
            <pre className="max-h-64 overflow-auto text-sm break-words whitespace-pre-wrap" tabIndex={0}>
              {event.document.text}
            </pre>
          ) : (
            <p className="text-ink-2">The text was not handed in here: its author has it.</p>
          )}
        </figure>
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
  const { tone, icon, word } = verdicts[outcome.verdict]
  return (
    <>
      <div className="rounded-md border border-line bg-surface px-3.5 py-3">
        <p className="mb-1 flex flex-wrap items-center gap-2">
          <Badge tone={tone} icon={icon}>
            {word}
          </Badge>
          {outcome.refundMicroUsd !== null && (
            <span>
              Refund <Money microUsd={outcome.refundMicroUsd} className="font-medium" />
            </span>
          )}
        </p>
        <p>{outcome.reason}</p>
        <p className="mt-1 text-xs text-ink-3">Rule: {outcome.rule} A proposal; the vote is the arbiter’s.</p>
      </div>
      {outcome.inputs.length > 0 && <Facts items={outcome.inputs.map(({ label, value }) => [label, value] as const)} />}
    </>
  )
}
