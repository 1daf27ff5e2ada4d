'use client'
/**
 * The form of a lease, in two ways: on one offer, or on the cheapest node that meets constraints. What was typed stays while its
 * quote is shown, so that asking again is one click.
 */
import { useId, useState } from 'react'
import type { LeaseOffer } from '@isochrone/services'
import { quoteByConstraints, quoteLease } from '~/actions/leases.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { choiceOf, constraintsOf, firstDraft, modelsOf, questionOf, type LeaseDraft } from '~/lib/money/lease-wish.ts'
import { useAction } from '~/lib/page/use-action.ts'
import { ConstraintFields } from './constraint-fields.tsx'
import { LeaseFields } from './lease-fields.tsx'
import { LeaseQuote } from './lease-quote.tsx'
import { NodeChoice } from './node-choice.tsx'

const ways = [
  { value: 'offer', label: 'This offer' },
  { value: 'constraints', label: 'By constraints' },
] as const

/** `nodeId`: the node that is chosen at first. */
export function NewLease({ offers, nodeId }: { offers: readonly LeaseOffer[]; nodeId: string | undefined }) {
  const byOffer = useAction(quoteLease)
  const byConstraints = useAction(quoteByConstraints)
  const [draft, setDraft] = useState(() => firstDraft(offers, nodeId))
  const edit = (change: Partial<LeaseDraft>) => setDraft({ ...draft, ...change })
  const wayId = useId()
  const { serving, chosen, maxUsd } = choiceOf(draft, offers)
  const quote = draft.way === 'offer' ? byOffer : byConstraints
  const errorOf = (name: string) => {
    const field = quote.error?.field ?? ''
    return field === name || field.startsWith(`${name}.`) ? quote.error?.message : undefined
  }
  function ask() {
    const question = questionOf(draft, maxUsd)
    if (draft.way === 'offer') void byOffer.run({ ...question, nodeId: chosen?.id ?? '' })
    else void byConstraints.run({ ...question, constraints: constraintsOf(draft) })
  }

  if (quote.data) {
    const { data, pending, reset } = quote
    return <LeaseQuote key={data.id} quote={data} asking={pending} onAskAgain={ask} onChange={reset} />
  }
  return (
    <Form onSubmit={ask} className="flex max-w-3xl flex-col gap-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span id={wayId} className="font-medium">
          Choose the node
        </span>
        <Segmented labelledBy={wayId} value={draft.way} options={ways} onChange={(way) => edit({ way })} />
        <p className="text-xs text-ink-3">
          {draft.way === 'offer'
            ? 'The node that you choose below, and no other, at its price.'
            : 'The cheapest node that meets everything below. Wherever the lease moves, the same holds.'}
        </p>
      </div>
      <LeaseFields draft={draft} edit={edit} errorOf={errorOf} models={modelsOf(offers)} maxUsd={maxUsd} />
      {draft.way === 'offer' ? (
        <NodeChoice offers={serving} chosenId={chosen?.id ?? null} onChoose={(id) => edit({ nodeId: id })} />
      ) : (
        <ConstraintFields draft={draft} edit={edit} errorOf={errorOf} offers={serving} />
      )}
      <ErrorNotice error={quote.error} />
      <Button type="submit" tone="primary" className="self-start" pending={quote.pending}>
        Ask for a price
      </Button>
    </Form>
  )
}
