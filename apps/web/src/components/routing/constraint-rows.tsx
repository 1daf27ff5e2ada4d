'use client'
/** What a node must keep to: price, place, hardware, trust, data. A request may tighten these, never loosen them. */
import { Field } from '~/components/ui/field.tsx'
import { SettingRow } from '~/components/ui/setting-row.tsx'
import { Money } from '~/components/ui/values.tsx'
import type { PriceSpan } from '~/lib/market/routing-market.ts'
import { ExcludePicker } from './exclude-picker.tsx'
import { DataPolicyRow, GpuClassesRow, RegionsRow, TrustRow } from './node-rows.tsx'
import type { RowsProps } from './rows-props.ts'

export function ConstraintRows({ draft, edit, errorOf, market, disabled }: RowsProps) {
  return (
    <div className="pt-4">
      <PriceCaps draft={draft} edit={edit} errorOf={errorOf} market={market} disabled={disabled} />
      <RegionsRow
        help="Countries or provider regions in which a request may run: first choice, retries and hedges alike. None ticked: anywhere. A node of unknown country is outside."
        market={market}
        value={draft.regions}
        onChange={(regions) => edit({ regions })}
        error={errorOf('regions')}
        disabled={disabled}
      />
      <DataPolicyRow
        value={draft.dataPolicy}
        onChange={(dataPolicy) => edit({ dataPolicy })}
        error={errorOf('data_policy')}
        disabled={disabled}
      />
      <TrustRow
        value={draft.minTrust}
        onChange={(minTrust) => edit({ minTrust })}
        error={errorOf('min_trust')}
        disabled={disabled}
      />
      <GpuClassesRow
        help="Hardware that may serve, as nodes declare it. None ticked: any."
        options={market.gpuClasses}
        value={draft.gpuClasses}
        onChange={(gpuClasses) => edit({ gpuClasses })}
        error={errorOf('gpu_classes')}
        disabled={disabled}
      />
      <SettingRow
        title="Exclude"
        help="Nodes and providers that never serve you. Others may still serve the same model."
        error={errorOf('exclude')}
      >
        {({ titleId, helpId }) => (
          <ExcludePicker
            labelledBy={titleId}
            describedBy={helpId}
            market={market}
            values={draft.exclude}
            onChange={(exclude) => edit({ exclude })}
            disabled={disabled}
          />
        )}
      </SettingRow>
      <SettingRow
        title="Fallbacks"
        help="After a failure before the first token the next-best node answers instead. Without them you get the error."
        error={errorOf('allow_fallbacks')}
      >
        {({ helpId }) => (
          <label className="flex h-7 w-fit cursor-pointer items-center gap-2">
            <input
              type="checkbox"
              checked={draft.allowFallbacks}
              disabled={disabled}
              aria-describedby={helpId}
              onChange={(event) => edit({ allowFallbacks: event.target.checked })}
              className="size-4 accent-(--accent)"
            />
            Try another node when the first fails
          </label>
        )}
      </SettingRow>
    </div>
  )
}

function PriceCaps({ draft, edit, errorOf, market, disabled }: RowsProps) {
  return (
    <SettingRow
      title="Highest prices"
      help="A node that charges more is left out. Empty: no cap. The cap on a request counts its output limit in full."
      error={errorOf('max_price')}
    >
      {() => (
        <div className="grid gap-3 sm:grid-cols-3">
          <Field
            label="Input"
            inputMode="decimal"
            unit="$/M tok"
            value={draft.maxInputUsd}
            disabled={disabled}
            onChange={(event) => edit({ maxInputUsd: event.target.value })}
            error={errorOf('max_price.input')}
            hint={<Span span={market.input} />}
          />
          <Field
            label="Output"
            inputMode="decimal"
            unit="$/M tok"
            value={draft.maxOutputUsd}
            disabled={disabled}
            onChange={(event) => edit({ maxOutputUsd: event.target.value })}
            error={errorOf('max_price.output')}
            hint={<Span span={market.output} />}
          />
          <Field
            label="One request"
            inputMode="decimal"
            unit="USD"
            value={draft.maxRequestUsd}
            disabled={disabled}
            onChange={(event) => edit({ maxRequestUsd: event.target.value })}
            error={errorOf('max_price.request')}
            hint="Prompt and answer together, counted here for 1,000 tokens in and 500 out."
          />
        </div>
      )}
    </SettingRow>
  )
}

function Span({ span }: { span: PriceSpan | null }) {
  if (!span) return 'Nothing is on offer now.'
  return (
    <>
      On offer from <Money microUsd={span.lowestMicroUsd} />, median <Money microUsd={span.medianMicroUsd} />.
    </>
  )
}
