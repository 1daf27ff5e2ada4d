'use client'
/** The form of a lease. What was typed stays while its quote is shown, so that asking again is one click. */
import { useState, type FormEvent } from 'react'
import { usdFromMicroUsd } from '@isochrone/domain'
import type { LeaseOffer } from '@isochrone/services'
import { quoteLease } from '~/actions/leases.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field, inputStyle } from '~/components/ui/field.tsx'
import { useAction } from '~/lib/use-action.ts'
import { LeaseQuote } from './lease-quote.tsx'
import { NodeChoice } from './node-choice.tsx'

interface Wish {
  model: string
  gpus: string
  hours: string
  /** Dollars; null until somebody types it: then what the dearest node in question asks. */
  maxUsd: string | null
  /** Null: any that fits. */
  nodeId: string | null
}

/** `nodeId`: the node that is chosen at first. */
export function NewLease({ offers, nodeId }: { offers: readonly LeaseOffer[]; nodeId: string | undefined }) {
  const quote = useAction(quoteLease)
  const models = [...new Set(offers.flatMap((offer) => offer.models))].toSorted()
  const [wish, setWish] = useState<Wish>(() => {
    const first = offers.find(({ id }) => id === nodeId)
    const model = first?.models[0] ?? models[0] ?? ''
    return { model, gpus: '1', hours: '1', maxUsd: null, nodeId: first?.id ?? null }
  })
  const change = (changed: Partial<Wish>) => setWish({ ...wish, ...changed })

  const serving = offers.filter((offer) => offer.models.includes(wish.model))
  const chosen = serving.find(({ id }) => id === wish.nodeId)
  const maxUsd = wish.maxUsd ?? usdFromMicroUsd(dearest(chosen ? [chosen] : serving))
  const errorOf = (field: string) => (quote.error?.field === field ? quote.error.message : undefined)
  const ask = () =>
    void quote.run({
      model: wish.model,
      gpus: Number(wish.gpus),
      durationMinutes: Math.round(Number(wish.hours) * 60),
      maxPerGpuHourUsd: maxUsd.trim(),
      nodeId: chosen?.id ?? null,
    })
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    ask()
  }

  if (quote.data) {
    const { data, pending, reset } = quote
    return <LeaseQuote key={data.id} quote={data} asking={pending} onAskAgain={ask} onChange={reset} />
  }
  return (
    <form onSubmit={submit} className="flex max-w-3xl flex-col gap-4">
      <label className="flex flex-col gap-1">
        <span className="font-medium">Model</span>
        <select
          name="model"
          className={inputStyle}
          value={wish.model}
          onChange={(event) => change({ model: event.target.value, nodeId: null })}
        >
          {models.map((model) => (
            <option key={model}>{model}</option>
          ))}
        </select>
      </label>
      <div className="grid gap-3 sm:grid-cols-3">
        <Field
          label="GPUs"
          name="gpus"
          type="number"
          min={1}
          max={64}
          required
          value={wish.gpus}
          onChange={(event) => change({ gpus: event.target.value })}
          hint="A node without GPUs counts places for engines."
          error={errorOf('gpus')}
        />
        <Field
          label="Duration"
          name="hours"
          type="number"
          min={0.1}
          max={720}
          step={0.1}
          unit="hours"
          required
          value={wish.hours}
          onChange={(event) => change({ hours: event.target.value })}
          hint="Stop it at any time, or extend it."
          error={errorOf('durationMinutes') ?? errorOf('duration')}
        />
        <Field
          label="Maximum price"
          name="maxPerGpuHourUsd"
          inputMode="decimal"
          unit="$/GPU h"
          required
          value={maxUsd}
          onChange={(event) => change({ maxUsd: event.target.value })}
          hint="No node that asks more is chosen."
          error={errorOf('maxPerGpuHourUsd')}
        />
      </div>
      <NodeChoice offers={serving} chosenId={chosen?.id ?? null} onChoose={(id) => change({ nodeId: id })} />
      <ErrorNotice error={quote.error} />
      <Button type="submit" tone="primary" className="self-start" pending={quote.pending}>
        Ask for a price
      </Button>
    </form>
  )
}

const dearest = (offers: readonly LeaseOffer[]): bigint =>
  offers.reduce((most, { perGpuHourMicroUsd: price }) => (price > most ? price : most), 0n)
