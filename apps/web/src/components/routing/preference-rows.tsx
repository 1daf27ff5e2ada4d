'use client'
/** What the score weighs: price against time, and from when an answer counts as late. */
import type { RoutingView } from '@isochrone/services'
import { Field } from '~/components/ui/field.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { SettingRow } from '~/components/ui/setting-row.tsx'
import { formatScoreUsd } from '~/lib/market/placement.ts'
import type { Preference } from '~/lib/market/routing-draft.ts'
import type { RowsProps } from './rows-props.ts'

const options: readonly { value: Preference; label: string }[] = [
  { value: 'price', label: 'Price' },
  { value: 'balanced', label: 'Balanced' },
  { value: 'latency', label: 'Latency' },
  { value: 'throughput', label: 'Throughput' },
  { value: 'value', label: 'Value of a second' },
]

const meanings: Record<Preference, string> = {
  price: 'The cheapest node wins; time only breaks ties.',
  balanced: 'A node may cost a little more where it saves noticeable time.',
  latency: 'For people who wait: the first token soonest, unless that is very dear.',
  throughput: 'For programs that wait for the end: the fastest stream.',
  value: 'You say what a second is worth to you; all else follows from it.',
}

export function PreferenceRows({
  draft,
  edit,
  errorOf,
  disabled,
  defaults,
}: RowsProps & Pick<RoutingView, 'defaults'>) {
  const worth = draft.preference === 'value' ? null : defaults.worthOfSecondMicroUsd[draft.preference]
  return (
    <div className="border-b border-line">
      <SettingRow
        title="Prefer"
        help="Every node’s score is in dollars: what it charges, plus what its time costs you. The lowest wins."
        error={errorOf('sort')}
      >
        {({ titleId, helpId }) => (
          <div className="flex flex-col gap-2">
            <div>
              <Segmented
                labelledBy={titleId}
                describedBy={helpId}
                value={draft.preference}
                options={options}
                onChange={(preference) => edit({ preference })}
                disabled={disabled}
              />
            </div>
            <p className="text-xs text-ink-2" aria-live="polite">
              {meanings[draft.preference]}
              {worth && (
                <>
                  {' '}
                  A second until the first token counts ${formatScoreUsd(worth.first)}, a second of the text after it $
                  {formatScoreUsd(worth.generation)}.
                </>
              )}
            </p>
            {draft.preference === 'value' && (
              <Field
                label="A second is worth"
                inputMode="decimal"
                unit="USD"
                placeholder="0.001"
                className="max-w-60"
                value={draft.valueOfSecondUsd}
                disabled={disabled}
                onChange={(event) => edit({ valueOfSecondUsd: event.target.value })}
                error={errorOf('value_of_second_usd')}
                hint="$0.01 a second is $36 an hour, about what a person’s time costs."
              />
            )}
          </div>
        )}
      </SettingRow>
      <SettingRow
        title="Response times"
        help="Expected time beyond these targets makes a node’s score worse. Nothing is refused for it: only a request that names a target itself waits, or is refused, where it would not hold."
      >
        {() => (
          <div className="grid gap-3 sm:grid-cols-2">
            <Field
              label="First token"
              inputMode="decimal"
              unit="ms"
              placeholder={String(defaults.ttftSloMs)}
              value={draft.ttftSloMs}
              disabled={disabled}
              onChange={(event) => edit({ ttftSloMs: event.target.value })}
              error={errorOf('ttft_slo_ms')}
              hint={`Empty: ${defaults.ttftSloMs} ms from acceptance, and more where price is preferred.`}
            />
            <Field
              label="Each further token"
              inputMode="decimal"
              unit="ms"
              placeholder={String(defaults.tpotSloMs)}
              value={draft.tpotSloMs}
              disabled={disabled}
              onChange={(event) => edit({ tpotSloMs: event.target.value })}
              error={errorOf('tpot_slo_ms')}
              hint={`Empty: ${defaults.tpotSloMs} ms, ${Math.round(1_000 / defaults.tpotSloMs)} tokens a second; slower where price is preferred.`}
            />
          </div>
        )}
      </SettingRow>
    </div>
  )
}
