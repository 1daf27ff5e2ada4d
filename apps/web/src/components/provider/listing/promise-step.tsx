'use client'
/**
 * What the provider promises, what it costs in dollars when it is broken, and what this node and like ones are measured to do. Nothing is a
 * choice of its own; a time without a share that comes back is none.
 */
import { formatUsd } from '@isochrone/domain'
import { useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { missingHalf, promisesNothing, promiseTexts, readPromises } from '~/lib/listing/promise-form.ts'
import { promiseSupport } from '~/lib/listing/promise-support.ts'
import { FixedTerms } from './fixed-terms.tsx'
import { GatewayRegion, PromiseFields } from './promise-fields.tsx'
import { SlipQuestion } from './slip-question.tsx'
import { useListingSave, type StepProps } from './use-listing-save.ts'

/** What a customer is taken to spend in an epoch, µUSD: so that a share becomes dollars. */
const SPENT_MICRO_USD = 100_000_000n

const nothing = { ttftBaseMs: 0, ttftPerKtokMs: 0, tpotUs: 0, concurrencyMax: 0, penaltyBps: 0, sloRegion: '' }
const ways = [
  { value: 'times', label: 'Times, and what comes back' },
  { value: 'nothing', label: 'Nothing' },
] as const
type Way = (typeof ways)[number]['value']

export function PromiseStep({ listing, disabledReason }: StepProps) {
  const { promises } = listing.draft
  const save = useListingSave(listing, 'promises')
  const [way, setWay] = useState<Way>(promises && promisesNothing(promises) ? 'nothing' : 'times')
  const [texts, setTexts] = useState(() => promiseTexts(promises))
  const [sloRegion, setSloRegion] = useState(promises?.sloRegion ?? '')
  const [wasPressed, setPressed] = useState(false)
  const { values, errors } = readPromises(texts)
  const half = wasPressed ? missingHalf(values) : null
  // A question names a field, a refusal its place in the draft.
  const isAsked = save.error?.field !== undefined && save.error.field !== null && save.error.field in values
  function changed<T>(set: (value: T) => void) {
    return (value: T) => {
      set(value)
      // What was asked was asked about other promises.
      if (isAsked) save.reset()
    }
  }
  function submit(confirmed: boolean) {
    if (way === 'nothing') {
      void save.run({ promises: nothing }, confirmed)
      return
    }
    setPressed(true)
    if (Object.keys(errors).length > 0 || missingHalf(values)) return
    void save.run({ promises: { ...values, sloRegion } }, confirmed)
  }
  return (
    <Form className="flex max-w-2xl flex-col gap-4" onSubmit={() => submit(false)}>
      <div className="flex flex-col items-start gap-1">
        <span id="promise-what" className="font-medium">
          What this node promises
        </span>
        <Segmented labelledBy="promise-what" value={way} options={ways} onChange={changed(setWay)} />
      </div>
      {way === 'nothing' ? (
        <Notice>No time is promised, and nothing comes back when it is slow. Its offer says so.</Notice>
      ) : (
        <>
          <div className="grid gap-3 sm:grid-cols-2">
            <PromiseFields
              texts={texts}
              errors={half ? { [half.field]: half.error, ...errors } : errors}
              onChange={changed(setTexts)}
            />
            <GatewayRegion value={sloRegion} regions={listing.gatewayRegions} onChange={changed(setSloRegion)} />
          </div>
          <PromiseConsequences listing={listing} values={values} />
        </>
      )}
      <FixedTerms what="Promises" />
      {isAsked ? (
        <SlipQuestion question={save.error?.message ?? ''} pending={save.pending} onYes={() => submit(true)} />
      ) : (
        <ErrorNotice error={save.error} />
      )}
      <Button
        type="submit"
        tone="primary"
        className="self-start"
        pending={save.pending}
        disabledReason={disabledReason}
      >
        Save and go on
      </Button>
    </Form>
  )
}

function PromiseConsequences({
  listing,
  values,
}: Pick<StepProps, 'listing'> & { values: ReturnType<typeof readPromises>['values'] }) {
  const contexts = (listing.node?.models ?? []).map(({ contextTokensMax }) => contextTokensMax)
  const own = {
    firstTokenMs: listing.ownFirstTokenMs,
    contextTokensMax: contexts.length > 0 ? Math.max(...contexts) : null,
  }
  const support = promiseSupport(listing.likeNodes, values, own)
  const penalty = (SPENT_MICRO_USD * BigInt(values.penaltyBps)) / 10_000n
  return (
    <>
      <Notice>
        In an epoch in which a promise is broken, a customer who spent {formatUsd(SPENT_MICRO_USD)} gets{' '}
        {formatUsd(penalty)} back from your stake. A promise is judged by counts, once there are 500 attempts. What
        comes back also stands for availability: at most 1 % of attempts end by the node&apos;s fault.
      </Notice>
      <Notice tone={support.contradicted ? 'warn' : 'info'}>{support.text}</Notice>
    </>
  )
}
