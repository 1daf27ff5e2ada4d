'use client'
/** What a provider declares of a node besides its prices: part of the terms, so receipts refer to it by hash. */
import { useId } from 'react'
import type { DataPolicy, Tier } from '@isochrone/services'
import { Segmented } from '~/components/ui/segmented.tsx'
import { dataPolicyWords, tierWords } from '~/lib/words/node-words.ts'

export interface Declaration {
  tier: Tier
  dataPolicy: DataPolicy
}

export const defaultDeclaration: Declaration = { tier: 'regional', dataPolicy: 'any' }

const tiers = Object.keys(tierWords) as Tier[]
const policies = Object.keys(dataPolicyWords) as DataPolicy[]

export interface DeclarationFieldsProps {
  value: Declaration
  onChange: (value: Declaration) => void
}

export function DeclarationFields({ value, onChange }: DeclarationFieldsProps) {
  const id = useId()
  return (
    <div className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
      <div className="flex flex-col gap-1">
        <p id={`${id}-tier`} className="font-medium">
          Tier
        </p>
        <div>
          <Segmented
            labelledBy={`${id}-tier`}
            describedBy={`${id}-tier-help`}
            value={value.tier}
            options={tiers.map((tier) => ({ value: tier, label: tierWords[tier].label }))}
            onChange={(tier) => onChange({ ...value, tier })}
          />
        </div>
        <p id={`${id}-tier-help`} className="text-xs text-ink-3">
          {tierWords[value.tier].help}
        </p>
      </div>
      <div className="flex flex-col gap-1">
        <p id={`${id}-data`} className="font-medium">
          Data policy
        </p>
        <div>
          <Segmented
            labelledBy={`${id}-data`}
            describedBy={`${id}-data-help`}
            value={value.dataPolicy}
            options={policies.map((policy) => ({ value: policy, label: dataPolicyWords[policy].label }))}
            onChange={(dataPolicy) => onChange({ ...value, dataPolicy })}
          />
        </div>
        <p id={`${id}-data-help`} className="text-xs text-ink-3">
          {dataPolicyWords[value.dataPolicy].help} Requests that ask for more go elsewhere.
        </p>
      </div>
    </div>
  )
}
