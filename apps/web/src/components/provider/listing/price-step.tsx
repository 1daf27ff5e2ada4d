'use client'
/** Prices beside those of the market. One that looks like a slip of magnitude is asked about, then respected. */
import { microUsdFromUsd, usdFromMicroUsd } from '@isochrone/domain'
import type { PriceStep as Prices } from '@isochrone/services'
import { useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Form } from '~/components/ui/form.tsx'
import { marketHint } from '~/lib/listing/market-hint.ts'
import { FixedTerms } from './fixed-terms.tsx'
import { PriceSpreadView } from './price-spread.tsx'
import { SlipQuestion } from './slip-question.tsx'
import { useListingSave, type StepProps } from './use-listing-save.ts'

const fields: readonly { name: keyof Prices; label: string; unit: string }[] = [
  { name: 'inMicroUsdPerMtok', label: 'Input', unit: '$/M tok' },
  { name: 'cachedMicroUsdPerMtok', label: 'Cached input', unit: '$/M tok' },
  { name: 'outMicroUsdPerMtok', label: 'Output', unit: '$/M tok' },
  { name: 'gpuHourMicroUsd', label: 'One GPU, or the CPU, for an hour', unit: '$/h' },
]

export function PriceStep({ listing, disabledReason }: StepProps) {
  const { prices } = listing.draft
  const save = useListingSave(listing, 'prices')
  const [dollars, setDollars] = useState<Record<keyof Prices, string>>(() => textsOf(prices ?? listing.firstPrices))
  const [wrong, setWrong] = useState<keyof Prices | null>(null)
  const slip = fields.find(({ name }) => save.error?.field === name)
  function submit(confirmed: boolean) {
    const bad = fields.find(({ name }) => microUsd(dollars[name]) === null)
    setWrong(bad?.name ?? null)
    if (bad) return
    const text = (name: keyof Prices) => (microUsd(dollars[name]) ?? 0n).toString()
    void save.run(
      {
        prices: {
          inMicroUsdPerMtok: text('inMicroUsdPerMtok'),
          cachedMicroUsdPerMtok: text('cachedMicroUsdPerMtok'),
          outMicroUsdPerMtok: text('outMicroUsdPerMtok'),
          gpuHourMicroUsd: text('gpuHourMicroUsd'),
        },
      },
      confirmed,
    )
  }
  return (
    <Form
      className="flex max-w-2xl flex-col gap-4"
      onSubmit={() => {
        submit(false)
      }}
    >
      <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
        {fields.map(({ name, label, unit }) => (
          <div key={name} className="flex flex-col gap-2">
            <Field
              label={label}
              name={name}
              inputMode="decimal"
              unit={unit}
              value={dollars[name]}
              onChange={(event) => {
                setDollars({ ...dollars, [name]: event.target.value })
                // What was asked was asked about other prices.
                if (slip) save.reset()
              }}
              hint={marketHint(listing.market[name], listing.node)}
              error={wrong === name ? 'An amount in dollars with at most six decimals.' : undefined}
            />
            <PriceSpreadView label={label} values={listing.market[name].values} own={ownPrice(name, dollars[name])} />
          </div>
        ))}
      </div>
      <p className="text-xs text-ink-3">A GPU-hour of $0 means that the node is not for rent.</p>
      <FixedTerms what="Prices" />
      {slip ? (
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

function textsOf(prices: Prices): Record<keyof Prices, string> {
  const text = (name: keyof Prices) => usdFromMicroUsd(BigInt(prices[name]))
  return {
    inMicroUsdPerMtok: text('inMicroUsdPerMtok'),
    cachedMicroUsdPerMtok: text('cachedMicroUsdPerMtok'),
    outMicroUsdPerMtok: text('outMicroUsdPerMtok'),
    gpuHourMicroUsd: text('gpuHourMicroUsd'),
  }
}

/** A GPU-hour of nothing is no price. */
function ownPrice(name: keyof Prices, text: string): bigint | undefined {
  const amount = microUsd(text)
  return amount === null || (name === 'gpuHourMicroUsd' && amount === 0n) ? undefined : amount
}

function microUsd(text: string): bigint | null {
  try {
    const amount = microUsdFromUsd(text.trim())
    return amount >= 0n ? amount : null
  } catch {
    return null
  }
}
