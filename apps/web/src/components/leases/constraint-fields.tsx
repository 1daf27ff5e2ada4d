'use client'
/** What the node of a lease has to be, with what the offers of its model have. Nothing ticked and nothing typed: any. */
import type { LeaseOffer } from '@isochrone/services'
import { DataPolicyRow, GpuClassesRow, RegionsRow, TrustRow } from '~/components/routing/node-rows.tsx'
import { Field } from '~/components/ui/field.tsx'
import { SettingRow } from '~/components/ui/setting-row.tsx'
import { choicesOf, countryName } from '~/lib/market/routing-market.ts'
import type { LeaseFieldsProps } from './lease-fields.tsx'

/** `offers`: those of the model. */
export function ConstraintFields({
  draft,
  edit,
  errorOf,
  offers,
}: LeaseFieldsProps & { offers: readonly LeaseOffer[] }) {
  const market = {
    countries: choicesOf(offers, ({ country }) => [country, `${countryName(country)} (${country})`]),
    regions: choicesOf(offers, ({ region }) => [region, region]),
  }
  return (
    <fieldset className="@container min-w-0 border-t border-line">
      <legend className="sr-only">Constraints</legend>
      <GpuClassesRow
        help="None ticked: any."
        options={choicesOf(offers, ({ gpuClass }) => [gpuClass, gpuClass])}
        value={draft.gpuClasses}
        onChange={(gpuClasses) => edit({ gpuClasses })}
        error={errorOf('constraints.gpuClasses') ?? errorOf('constraints.gpu_classes')}
      />
      <SettingRow title="Memory" help="Of one GPU; of a node without GPUs, its machine’s. Empty: any.">
        {() => (
          <Field
            label="Memory, at least"
            name="gpuMemoryGib"
            type="number"
            min={1}
            max={100_000}
            step={1}
            unit="GiB"
            value={draft.gpuMemoryGib}
            onChange={(event) => edit({ gpuMemoryGib: event.target.value })}
            error={errorOf('constraints.gpuMemoryGibMin')}
            className="max-w-40"
          />
        )}
      </SettingRow>
      <RegionsRow
        help="Countries or provider regions. None ticked: anywhere. A node of unknown country is outside."
        market={market}
        value={draft.regions}
        onChange={(regions) => edit({ regions })}
        error={errorOf('constraints.regions')}
      />
      <DataPolicyRow
        value={draft.dataPolicy}
        onChange={(dataPolicy) => edit({ dataPolicy })}
        error={errorOf('constraints.dataPolicy')}
      />
      <TrustRow
        value={draft.minTrust}
        onChange={(minTrust) => edit({ minTrust })}
        error={errorOf('constraints.minTrust')}
      />
    </fieldset>
  )
}
