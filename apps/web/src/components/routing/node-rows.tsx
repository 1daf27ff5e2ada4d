'use client'
/** Rows of a form that say what a node has to be. A routing policy and a lease ask for the same, each with its own words of help. */
import type { DataPolicy, TrustLevel } from '@isochrone/services'
import { PillChoice } from '~/components/ui/pill-choice.tsx'
import { Segmented } from '~/components/ui/segmented.tsx'
import { SettingRow } from '~/components/ui/setting-row.tsx'
import { dataPolicyWords, trustWords } from '~/lib/words/node-words.ts'
import { withChosen, type Choice } from '~/lib/market/routing-market.ts'
import { RegionPicker, type RegionPickerProps } from './region-picker.tsx'

interface RowProps<T> {
  value: T
  onChange: (value: T) => void
  error: string | undefined
  disabled?: boolean
}

/** One of a few levels, whose help is that of the level chosen. */
function LevelRow<T extends string>({
  title,
  words,
  value,
  onChange,
  error,
  disabled,
}: RowProps<T> & { title: string; words: Record<T, { label: string; help: string }> }) {
  const options = (Object.keys(words) as T[]).map((level) => ({ value: level, label: words[level].label }))
  return (
    <SettingRow title={title} help={words[value].help} error={error}>
      {({ titleId, helpId }) => (
        <Segmented
          labelledBy={titleId}
          describedBy={helpId}
          value={value}
          options={options}
          onChange={onChange}
          disabled={disabled}
        />
      )}
    </SettingRow>
  )
}

export function DataPolicyRow(props: RowProps<DataPolicy>) {
  return <LevelRow {...props} title="Data policy" words={dataPolicyWords} />
}

export function TrustRow(props: RowProps<TrustLevel>) {
  return <LevelRow {...props} title="Minimum trust" words={trustWords} />
}

export function RegionsRow({
  help,
  market,
  value,
  onChange,
  error,
  disabled = false,
}: RowProps<string[]> & { help: string; market: RegionPickerProps['market'] }) {
  return (
    <SettingRow title="Regions" help={help} error={error}>
      {({ titleId, helpId }) => (
        <RegionPicker
          labelledBy={titleId}
          describedBy={helpId}
          market={market}
          values={value}
          onChange={onChange}
          disabled={disabled}
        />
      )}
    </SettingRow>
  )
}

export function GpuClassesRow({
  help,
  options,
  value,
  onChange,
  error,
  disabled,
}: RowProps<string[]> & { help: string; options: readonly Choice[] }) {
  return (
    <SettingRow title="GPU classes" help={help} error={error}>
      {({ titleId, helpId }) => (
        <PillChoice
          labelledBy={titleId}
          describedBy={helpId}
          options={withChosen(options, value)}
          values={value}
          onChange={onChange}
          disabled={disabled}
        />
      )}
    </SettingRow>
  )
}
