'use client'
/** What the provider promises, what it costs in dollars when it is broken, and what like nodes are measured to do. */
import { formatUsd } from '@isochrone/domain'
import { useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { promiseSupport } from '~/lib/promise-support.ts'
import { useListingSave, type StepProps } from './use-listing-save.ts'

const fields = [
  { name: 'ttftBaseMs', label: 'First token within', unit: 'ms', hint: 'For 95 % of attempts; 0 promises nothing.' },
  { name: 'ttftPerKtokMs', label: 'More for each 1,000 tokens in', unit: 'ms', hint: 'Begun thousands count.' },
  { name: 'tpotUs', label: 'Each further token within', unit: 'µs', hint: 'For 95 % of attempts; 0 promises nothing.' },
  { name: 'concurrencyMax', label: 'Attempts at once', unit: '', hint: 'Up to which the promises hold.' },
  { name: 'penaltyBps', label: 'Comes back when broken', unit: 'bps', hint: '1,000 = 10 % of what was spent.' },
] as const
type Name = (typeof fields)[number]['name']
type Values = Record<Name, string>

/** What a customer is taken to spend in an epoch, µUSD: so that a share becomes dollars. */
const SPENT_MICRO_USD = 100_000_000n

export function PromiseStep({ listing, disabledReason }: StepProps) {
  const { promises } = listing.draft
  const save = useListingSave(listing, 'promises')
  const [values, setValues] = useState<Values>(() => {
    const text = (name: Name, otherwise: number) => String(promises?.[name] ?? otherwise)
    return {
      ttftBaseMs: text('ttftBaseMs', 0),
      ttftPerKtokMs: text('ttftPerKtokMs', 0),
      tpotUs: text('tpotUs', 0),
      concurrencyMax: text('concurrencyMax', 8),
      penaltyBps: text('penaltyBps', 0),
    }
  })
  const number = (name: Name) => (/^\d{1,8}$/.test(values[name].trim()) ? Number(values[name]) : null)
  const bad = fields.find(({ name }) => number(name) === null)
  const penalty = (SPENT_MICRO_USD * BigInt(number('penaltyBps') ?? 0)) / 10_000n
  const promised = { ttftBaseMs: number('ttftBaseMs') ?? 0, tpotUs: number('tpotUs') ?? 0 }
  const support = promiseSupport(listing.likeNodes, promised)
  return (
    <Form
      className="flex max-w-2xl flex-col gap-4"
      onSubmit={() => {
        if (bad) return
        const value = (name: Name) => number(name) ?? 0
        void save.run({
          promises: {
            ttftBaseMs: value('ttftBaseMs'),
            ttftPerKtokMs: value('ttftPerKtokMs'),
            tpotUs: value('tpotUs'),
            concurrencyMax: value('concurrencyMax'),
            penaltyBps: value('penaltyBps'),
            sloRegion: '',
          },
        })
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        {fields.map(({ name, label, unit, hint }) => (
          <Field
            key={name}
            label={label}
            name={name}
            inputMode="numeric"
            {...(unit && { unit })}
            hint={hint}
            value={values[name]}
            onChange={(event) => setValues({ ...values, [name]: event.target.value })}
            error={bad?.name === name ? 'A whole number of 0 or more.' : undefined}
          />
        ))}
      </div>
      <Notice>
        In an epoch in which a promise is broken, a customer who spent {formatUsd(SPENT_MICRO_USD)} gets{' '}
        {formatUsd(penalty)} back from your stake. A promise is judged by counts, once there are 500 attempts.
      </Notice>
      <Notice tone={support.contradicted ? 'warn' : 'info'}>{support.text}</Notice>
      <ErrorNotice error={save.error} />
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
