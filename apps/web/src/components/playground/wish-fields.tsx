'use client'
/** Which model, and where and how the request may run. Empty fields leave it to the organisation's routing policy. */
import { Link } from '~/components/ui/link.tsx'
import { Field } from '~/components/ui/field.tsx'
import { inputStyle } from '~/components/ui/input-style.ts'
import type { PlaygroundModel } from '~/lib/market/playground-models.ts'
import { sorts, type PlaygroundSort, type PlaygroundWish } from '~/lib/market/playground-wish.ts'

const sortWords: Record<PlaygroundSort, string> = {
  balanced: 'Balanced',
  price: 'Price',
  latency: 'Latency',
  throughput: 'Throughput',
}

export interface WishFieldsProps {
  wish: PlaygroundWish
  models: readonly PlaygroundModel[]
  onChange: (change: Partial<PlaygroundWish>) => void
  ownKey: string
  onOwnKey: (key: string) => void
  needsOwnKey: boolean
}

export function WishFields({ wish, models, onChange, ownKey, onOwnKey, needsOwnKey }: WishFieldsProps) {
  const text = (name: Exclude<keyof PlaygroundWish, 'sort' | 'model'>) => ({
    value: wish[name],
    onChange: (event: { target: { value: string } }) => onChange({ [name]: event.target.value }),
  })
  return (
    <section aria-label="Settings" className="flex min-w-0 flex-col gap-3">
      <label className="flex flex-col gap-1">
        <span className="font-medium">Model</span>
        <select className={inputStyle} value={wish.model} onChange={(event) => onChange({ model: event.target.value })}>
          {models.length === 0 && <option value="">none on offer now</option>}
          {models.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label className="flex flex-col gap-1">
        <span className="font-medium">Prefer</span>
        <select
          className={inputStyle}
          value={wish.sort}
          onChange={(event) => onChange({ sort: sorts.find((sort) => sort === event.target.value) ?? 'balanced' })}
        >
          {sorts.map((sort) => (
            <option key={sort} value={sort}>
              {sortWords[sort]}
            </option>
          ))}
        </select>
      </label>
      <Field label="Regions" placeholder="anywhere" {...text('regions')} hint="EU, EEA, a country (DE) or a region." />
      <div className="grid grid-cols-2 gap-3">
        <Field label="Output price" inputMode="decimal" unit="$/M" placeholder="no cap" {...text('maxOutputUsd')} />
        <Field label="This request" inputMode="decimal" unit="$" placeholder="no cap" {...text('maxRequestUsd')} />
        <Field label="First token" inputMode="decimal" unit="ms" placeholder="no limit" {...text('ttftSloMs')} />
        <Field label="Further tokens" inputMode="decimal" unit="ms" placeholder="no limit" {...text('tpotSloMs')} />
        <Field label="Longest answer" inputMode="numeric" unit="tokens" {...text('maxTokens')} />
        <Field label="Temperature" inputMode="decimal" placeholder="1" {...text('temperature')} />
      </div>
      <p className="text-xs text-ink-3">
        Your organisation’s{' '}
        <Link href="/settings/routing" className="link">
          routing policy
        </Link>{' '}
        holds as well; a request can only tighten it.
      </p>
      <Field
        label={needsOwnKey ? 'API key' : 'API key of your own'}
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder={needsOwnKey ? 'iso_…' : 'not needed'}
        value={ownKey}
        onChange={(event) => onOwnKey(event.target.value)}
        hint={
          needsOwnKey
            ? 'Held in this page’s memory alone, and gone with it.'
            : 'Without one, a key that stays on the server is used: $0.05 a request and $0.50 an hour at most.'
        }
      />
    </section>
  )
}
