'use client'
/**
 * A price with the seconds for which it holds, and its confirmation. Confirmed twice, it is one lease: while it is unknown what
 * became of a confirmation, that one alone can be asked for again, after its minute too, and no other price.
 */
import { useRouter } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import type { ErrorCode } from '@isochrone/domain'
import type { LeaseQuoteView } from '@isochrone/services'
import { rentLease } from '~/actions/leases.ts'
import { Button, ButtonLink } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { LeaveUnanswered } from '~/components/ui/leave-unanswered.tsx'
import { Money, TimeOfDay } from '~/components/ui/values.tsx'
import { formatSpan, nodeLabel } from '~/lib/words/format.ts'
import { isOutcomeUnknown, withAgain } from '~/lib/page/outcome.ts'
import { useAction } from '~/lib/page/use-action.ts'

const AGAIN = 'it is one lease, even if it was rented already'
/** Said of who asks, or how often: the price still holds. */
const mayComeRight = new Set<ErrorCode>(['unauthenticated', 'forbidden', 'rate_limited'])

interface LeaseQuoteProps {
  quote: LeaseQuoteView
  /** Another price is on its way. */
  asking: boolean
  /** For the same wish. */
  onAskAgain: () => void
  /** Back to the form. */
  onChange: () => void
}

export function LeaseQuote({ quote, asking, onAskAgain, onChange }: LeaseQuoteProps) {
  const router = useRouter()
  const rent = useAction(rentLease)
  /** Whether that was so before the newest answer. */
  const [wasUnknown, setWasUnknown] = useState(false)
  const leftS = useSecondsFor(quote.holdsForMs)
  const heading = useRef<HTMLHeadingElement>(null)
  // It takes the place of the form, with the button that had the focus.
  useEffect(() => heading.current?.focus(), [])
  const sent = rent.pending || rent.data !== null
  const isUnknown = rent.error ? isOutcomeUnknown(wasUnknown, { ok: false, error: rent.error }) : wasUnknown
  const isOpen = sent || isUnknown
  // A refusal for good: nothing more comes of this price.
  const isGone = rent.error !== null && !isUnknown && !mayComeRight.has(rent.error.code)
  const what = `${quote.gpus} ${quote.gpus === 1 ? 'GPU' : 'GPUs'} for ${formatSpan(quote.durationMs)}`
  async function confirm() {
    setWasUnknown(isUnknown)
    const answer = await rent.run({ quoteId: quote.id })
    if (answer.ok) router.push(`/leases/${answer.data.id}`)
  }
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <h2 ref={heading} tabIndex={-1} className="text-base font-semibold">
        {what}
      </h2>
      <Facts
        items={[
          ['Node', quote.node ? `${nodeLabel(quote.node)} of ${quote.node.providerName}` : '—'],
          quote.among && ['Chosen', <Chosen key="chosen" among={quote.among} />],
          ['Model', quote.model],
          [
            'Price',
            <span key="price">
              <Money microUsd={quote.perGpuHourMicroUsd} /> per GPU and hour
            </span>,
          ],
          ['The whole time', <Money key="time" microUsd={quote.timeMicroUsd} />],
          [
            'Held while it runs',
            <span key="held">
              <Money microUsd={quote.reserveMicroUsd} />{' '}
              <span className="text-ink-3">
                ({(quote.reserveMicroUsd - quote.timeMicroUsd).toString()} µUSD of it for the rounding of receipts)
              </span>
            </span>,
          ],
        ]}
      />
      <p className="text-ink-2">
        You pay for the time in which its engine serves, by receipts that the node and the gateway sign. If the node
        dies it moves to another that costs no more, and the gap is added to its end. What is left of the money that is
        held comes back when it ends.
      </p>
      <p role="timer" className="figures text-ink-2">
        {leftS > 0 ? (
          <>
            This price holds for {leftS} s more, until <TimeOfDay at={quote.expiresAtMs} /> UTC. The GPUs are yours once
            you confirm.
          </>
        ) : isOpen ? (
          'The minute for which this price held is over: what was not rented by now will not be.'
        ) : (
          'The minute for which this price held is over.'
        )}
      </p>
      <ErrorNotice error={isUnknown && rent.error ? withAgain(rent.error, AGAIN) : rent.error} />
      <div className="flex flex-wrap gap-2">
        {isOpen || (leftS > 0 && !isGone) ? (
          <Button tone="primary" pending={sent} onClick={() => void confirm()}>
            {leftS > 0 ? `Rent ${what}` : 'See whether it was rented'}
          </Button>
        ) : (
          <Button tone="primary" pending={asking} onClick={onAskAgain}>
            Ask for the price again
          </Button>
        )}
        {rent.error?.code === 'insufficient_balance' && <ButtonLink href="/balance">Add funds</ButtonLink>}
        <Button disabledReason={isOpen ? 'See first whether this one was rented.' : undefined} onClick={onChange}>
          Change what is wanted
        </Button>
      </div>
      <LeaveUnanswered active={isUnknown && !sent} done="rented" />
    </div>
  )
}

function Chosen({ among: { nodes, nextPerGpuHourMicroUsd: next } }: { among: NonNullable<LeaseQuoteView['among']> }) {
  if (nodes === 1) return 'the only node that meets the constraints'
  if (next === null) return `one of ${nodes} nodes that meet the constraints, all at this price`
  return (
    <>
      the cheapest of {nodes} nodes that meet the constraints; the next asks <Money microUsd={next} decimalsMin={2} />
    </>
  )
}

/** By this browser's own passing of time: its clock may be wrong by more than a price holds. */
function useSecondsFor(holdsForMs: number): number {
  const [untilMs] = useState(() => performance.now() + holdsForMs)
  const [leftMs, setLeftMs] = useState(holdsForMs)
  useEffect(() => {
    const timer = setInterval(() => setLeftMs(untilMs - performance.now()), 250)
    return () => clearInterval(timer)
  }, [untilMs])
  return Math.max(0, Math.ceil(leftMs / 1_000))
}
