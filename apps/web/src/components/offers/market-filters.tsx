/** What narrows the list of offers, as a form whose state is the URL. */
import type { OfferFacets } from '@isochrone/services'
import { FilterBar } from '~/components/filter-bar.tsx'
import { CheckInput, SearchInput, SelectInput } from '~/components/filter-inputs.tsx'
import { countryName } from '~/lib/market/routing-market.ts'
import { dataPolicyWords, tierWords, trustWords } from '~/lib/words/node-words.ts'
import { dataPolicies, offerSorts, tiers, trusts } from '~/lib/market/offer-query.ts'
import { NumberInput } from './number-input.tsx'
import { RememberWitness } from './remember-witness.tsx'

export interface MarketFiltersProps {
  facets: OfferFacets
  search: Record<string, string | undefined>
}

export function MarketFilters({ facets, search }: MarketFiltersProps) {
  const counted = (values: OfferFacets['models'], name = (value: string) => value) =>
    values.map(({ value, offers }) => ({ value, label: `${name(value)} (${offers.toLocaleString('en-US')})` }))
  const { desc, view, cols } = search
  // What the URL names is shown as chosen, also where no witness has that name any more.
  const witnesses = [
    ...new Set([...facets.witnesses.map(({ name }) => name), ...(search.from ? [search.from.slice(0, 80)] : [])]),
  ].toSorted()
  const more = ['trust', 'data', 'tier', 'from', 'rtt', 'gpus', 'memory', 'max', 'ttft', 'lease', 'real']
  const moreInUse = more.filter((name) => search[name] !== undefined).length
  return (
    <FilterBar action="/" label="Filter offers" keep={{ desc, view, cols }}>
      <SearchInput name="q" value={search.q} label="Search nodes, hardware, models" />
      <SelectInput name="model" label="Model" value={search.model} any="All models" options={counted(facets.models)} />
      <SelectInput name="gpu" label="GPU" value={search.gpu} any="All hardware" options={counted(facets.gpuClasses)} />
      <SelectInput
        name="region"
        label="Region"
        value={search.region}
        any="All regions"
        options={counted(facets.regions)}
      />
      <SelectInput
        name="residency"
        label="Residency"
        value={search.residency}
        any="Any country"
        options={[{ value: 'EU', label: 'European Union' }, ...counted(facets.countries, countryName)]}
      />
      <SelectInput
        name="sort"
        label="Sort"
        value={search.sort === 'price' ? undefined : search.sort}
        any={`Sort by ${offerSorts.price}`}
        options={Object.entries(offerSorts)
          .filter(([value]) => value !== 'price' && (value !== 'rtt' || search.from !== undefined))
          .map(([value, label]) => ({ value, label: `Sort by ${label}` }))}
      />
      <CheckInput name="live" label="Live only" checked={search.live === '1'} />
      <details open={moreInUse > 0} className="w-full">
        <summary className="inline-flex h-7 w-fit items-center text-ink-2 hover:text-ink">
          {moreInUse > 0 ? `More filters, ${moreInUse} in use` : 'More filters'}
        </summary>
        <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-2">
          <SelectInput
            name="trust"
            label="Trust"
            value={search.trust}
            any="Any trust"
            options={trusts.map((value) => ({ value, label: `${trustWords[value].label} at least` }))}
          />
          <SelectInput
            name="data"
            label="Data policy"
            value={search.data}
            any="Any data policy"
            options={dataPolicies.slice(1).map((value) => ({ value, label: dataPolicyWords[value].label }))}
          />
          <SelectInput
            name="tier"
            label="Tier"
            value={search.tier}
            any="Any tier"
            options={tiers.map((value) => ({ value, label: tierWords[value].label }))}
          />
          <RememberWitness>
            <SelectInput
              name="from"
              label="RTT from"
              value={search.from}
              any="RTT from the gateway"
              options={witnesses.map((value) => ({ value, label: `RTT from ${value}` }))}
            />
          </RememberWitness>
          {witnesses.length > 0 && (search.from !== undefined || search.rtt !== undefined) && (
            <NumberInput name="rtt" label="RTT ≤, ms" value={search.rtt} />
          )}
          <NumberInput name="gpus" label="GPUs ≥" value={search.gpus} />
          <NumberInput name="memory" label="GiB ≥" value={search.memory} />
          <NumberInput name="max" label="$/M out ≤" value={search.max} decimal />
          <NumberInput name="ttft" label="TTFT p95 ≤, ms" value={search.ttft} />
          <CheckInput name="lease" label="For lease" checked={search.lease === '1'} />
          <CheckInput name="real" label="No simulated" checked={search.real === '1'} />
        </div>
      </details>
    </FilterBar>
  )
}
