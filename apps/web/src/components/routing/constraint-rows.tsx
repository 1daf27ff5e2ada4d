'use client'
/** What a node must keep to: price, place, hardware, trust, data. A request may tighten these, never loosen them. */
import type { DataPolicy, TrustLevel } from '@isochrone/services'
import { Field } from '~/components/ui/field.tsx'
import { PillChoice } from '~/components/ui/pill-choice.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { SettingRow } from '~/components/ui/setting-row.tsx'
import { Money } from '~/components/ui/values.tsx'
import { dataPolicyWords, trustWords } from '~/lib/node-words.ts'
import type { PriceSpan } from '~/lib/routing-market.ts'
import { ExcludePicker } from './exclude-picker.tsx'
import { RegionPicker } from './region-picker.tsx'
import type { RowsProps } from './rows-props.ts'

const trustOptions = optionsOf<TrustLevel>(trustWords)
const dataOptions = optionsOf<DataPolicy>(dataPolicyWords)

function optionsOf<T extends string>(words: Record<T, { label: string }>): { value: T; label: string }[] {
  return (Object.entries(words) as [T, { label: string }][]).map(([value, { label }]) => ({ value, label }))
}

export function ConstraintRows({ draft, edit, errorOf, market, disabled }: RowsProps) {
  const trust = draft.minTrust as TrustLevel
  const data = draft.dataPolicy as DataPolicy
  return (
    <div className="pt-4">
      <PriceCaps draft={draft} edit={edit} errorOf={errorOf} market={market} disabled={disabled} />
      <SettingRow
        title="Regions"
        help="Countries or provider regions in which a request may run: first choice, retries and hedges alike. None ticked: anywhere. A node of unknown country is outside."
        error={errorOf('regions')}
      >
        {({ titleId, helpId }) => (
          <RegionPicker
            labelledBy={titleId}
            describedBy={helpId}
            market={market}
            values={draft.regions}
            onChange={(regions) => edit({ regions })}
            disabled={disabled}
          />
        )}
      </SettingRow>
      <SettingRow title="Data policy" help={dataPolicyWords[data].help} error={errorOf('data_policy')}>
        {({ titleId, helpId }) => (
          <Segmented
            labelledBy={titleId}
            describedBy={helpId}
            value={data}
            options={dataOptions}
            onChange={(dataPolicy) => edit({ dataPolicy })}
            disabled={disabled}
          />
        )}
      </SettingRow>
      <SettingRow title="Minimum trust" help={trustWords[trust].help} error={errorOf('min_trust')}>
        {({ titleId, helpId }) => (
          <Segmented
            labelledBy={titleId}
            describedBy={helpId}
            value={trust}
            options={trustOptions}
            onChange={(minTrust) => edit({ minTrust })}
            disabled={disabled}
          />
        )}
      </SettingRow>
      <SettingRow
        title="GPU classes"
        help="Hardware that may serve, as nodes declare it. None ticked: any."
        error={errorOf('gpu_classes')}
      >
        {({ titleId, helpId }) => (
          <PillChoice
            labelledBy={titleId}
            describedBy={helpId}
            options={withKept(market.gpuClasses, draft.gpuClasses)}
            values={draft.gpuClasses}
            onChange={(gpuClasses) => edit({ gpuClasses })}
            disabled={disabled}
          />
        )}
      </SettingRow>
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

/** What was chosen earlier stays in sight when nothing on offer has it any more. */
function withKept(choices: RowsProps['market']['gpuClasses'], chosen: readonly string[]) {
  const gone = chosen.filter((value) => !choices.some((choice) => choice.value === value))
  return [...choices, ...gone.map((value) => ({ value, label: value, nodes: 0 }))].map(({ value, label, nodes }) => ({
    value,
    label,
    count: nodes,
  }))
}
