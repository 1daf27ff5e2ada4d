'use client'
/** The form of a lease, then its quote with the seconds for which it holds. Confirming twice is one lease. */
import { useRouter } from 'next/navigation'
import { useEffect, useId, useState, type FormEvent, type ReactNode } from 'react'
import { usdFromMicroUsd } from '@isochrone/domain'
import type { LeaseOffer, LeaseQuoteView } from '@isochrone/services'
import { quoteLease, rentLease } from '~/actions/leases.ts'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Facts } from '~/components/ui/facts.tsx'
import { Field, inputStyle } from '~/components/ui/field.tsx'
import { Money } from '~/components/ui/values.tsx'
import { formatMs } from '~/lib/format.ts'
import { formText } from '~/lib/form-text.ts'
import { useAction } from '~/lib/use-action.ts'

const ANY = ''

export function NewLease({ offers }: { offers: readonly LeaseOffer[] }) {
  const quote = useAction(quoteLease)
  const [nodeId, setNodeId] = useState(ANY)
  const chosen = offers.find(({ id }) => id === nodeId)
  const models = [...new Set((chosen ? [chosen] : offers).flatMap((offer) => offer.models))].toSorted()
  const dearest = offers.reduce(
    (most, offer) => (offer.perGpuHourMicroUsd > most ? offer.perGpuHourMicroUsd : most),
    0n,
  )
  const errorOf = (field: string) => (quote.error?.field === field ? quote.error.message : undefined)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void quote.run({
      model: formText(form, 'model'),
      gpus: Number(formText(form, 'gpus')),
      durationMinutes: Math.round(Number(formText(form, 'hours')) * 60),
      maxPerGpuHourUsd: formText(form, 'maxPerGpuHourUsd'),
      nodeId: nodeId === ANY ? null : nodeId,
    })
  }
  if (quote.data) return <Quote key={quote.data.id} quote={quote.data} onAnother={quote.reset} />
  return (
    <form onSubmit={submit} className="flex max-w-2xl flex-col gap-4">
      <Choice label="Node" name="node" value={nodeId} onChange={setNodeId}>
        <option value={ANY}>Any that fits: the cheapest that your routing policy allows</option>
        {offers.map((offer) => (
          <option key={offer.id} value={offer.id}>
            {`${offer.name}, ${offer.gpuClass}${offer.simulated ? ' (simulated)' : ''}, ${offer.region}: ${offer.freeGpus} of ${offer.gpus} free at $${usdFromMicroUsd(offer.perGpuHourMicroUsd)} per hour`}
          </option>
        ))}
      </Choice>
      <Choice label="Model" name="model">
        {models.map((model) => (
          <option key={model}>{model}</option>
        ))}
      </Choice>
      <div className="grid gap-3 sm:grid-cols-3">
        <Field
          label="GPUs"
          name="gpus"
          type="number"
          min={1}
          max={64}
          defaultValue={1}
          required
          error={errorOf('gpus')}
        />
        <Field
          label="Duration"
          name="hours"
          type="number"
          min={0.1}
          max={720}
          step={0.1}
          defaultValue={1}
          unit="hours"
          required
          error={errorOf('durationMinutes')}
        />
        <Field
          label="Maximum price"
          name="maxPerGpuHourUsd"
          inputMode="decimal"
          defaultValue={usdFromMicroUsd(dearest)}
          unit="$/GPU h"
          required
          error={errorOf('maxPerGpuHourUsd')}
        />
      </div>
      <p className="text-ink-3">A node without GPUs rents places for engines on its CPU, and counts them as GPUs.</p>
      {quote.error && <ErrorNotice error={quote.error} />}
      <Button type="submit" tone="primary" className="self-start" pending={quote.pending}>
        Ask for a price
      </Button>
    </form>
  )
}

function Quote({ quote, onAnother }: { quote: LeaseQuoteView; onAnother: () => void }) {
  const router = useRouter()
  const rent = useAction(rentLease)
  const leftS = useSecondsUntil(quote.expiresAtMs)
  async function confirm() {
    const answer = await rent.run({ quoteId: quote.id })
    if (answer.ok) router.push(`/leases/${answer.data.id}`)
  }
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <Facts
        items={[
          ['Node', quote.node?.name ?? '—'],
          ['Model', quote.model],
          ['GPUs', quote.gpus],
          ['Duration', formatMs(quote.durationMs)],
          ['Per GPU and hour', <Money key="hour" microUsd={quote.perGpuHourMicroUsd} />],
          ['For the time', <Money key="time" microUsd={quote.timeMicroUsd} />],
          ['Held at most', <Money key="held" microUsd={quote.reserveMicroUsd} />],
        ]}
      />
      <p role="timer" className="figures text-ink-2">
        {leftS > 0 ? `This price holds for ${leftS} s more.` : 'This price holds no more.'}
      </p>
      {rent.error && <ErrorNotice error={rent.error} />}
      <div className="flex gap-2">
        <Button
          tone="primary"
          pending={rent.pending}
          disabledReason={leftS > 0 ? undefined : 'The minute is over: ask for another price.'}
          onClick={() => void confirm()}
        >
          Rent {quote.gpus} GPUs
        </Button>
        <Button onClick={onAnother}>Ask for another price</Button>
      </div>
    </div>
  )
}

function Choice({
  label,
  name,
  value,
  onChange,
  children,
}: {
  label: string
  name: string
  value?: string
  onChange?: (value: string) => void
  children: ReactNode
}) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <select
        id={id}
        name={name}
        className={inputStyle}
        {...(value !== undefined && { value })}
        {...(onChange && { onChange: (event) => onChange(event.target.value) })}
      >
        {children}
      </select>
    </div>
  )
}

function useSecondsUntil(atMs: number): number {
  const [leftMs, setLeftMs] = useState(() => atMs - Date.now())
  useEffect(() => {
    const timer = setInterval(() => setLeftMs(atMs - Date.now()), 250)
    return () => clearInterval(timer)
  }, [atMs])
  return Math.max(0, Math.ceil(leftMs / 1_000))
}
