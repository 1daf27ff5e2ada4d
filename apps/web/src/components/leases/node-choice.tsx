'use client'
/** Which node a lease is wanted on. The cheapest ones are listed; the market has them all. */
import type { LeaseOffer } from '@isochrone/services'
import { Link } from '~/components/ui/link.tsx'
import { DataTable, type Column } from '~/components/ui/data-table.tsx'
import { Money } from '~/components/ui/values.tsx'
import { nodeLabel, shortHardware } from '~/lib/words/format.ts'

const SHOWN_MAX = 20

interface NodeChoiceProps {
  /** The cheapest first. */
  offers: readonly LeaseOffer[]
  chosenId: string | null
  onChoose: (id: string) => void
}

export function NodeChoice({ offers, chosenId, onChoose }: NodeChoiceProps) {
  const shown = offers.filter(({ id }, index) => index < SHOWN_MAX || id === chosenId)
  const columns: Column<LeaseOffer>[] = [
    {
      head: 'Node',
      className: 'whitespace-nowrap',
      cell: (offer) => (
        <Radio checked={offer.id === chosenId} onChoose={() => onChoose(offer.id)}>
          {nodeLabel(offer)}
        </Radio>
      ),
    },
    { head: 'Hardware', cell: ({ hardware }) => shortHardware(hardware), cellTitle: ({ hardware }) => hardware },
    { head: 'Region', className: 'whitespace-nowrap', cell: ({ region, country }) => `${region} (${country})` },
    { head: 'GPUs free', numeric: true, cell: ({ freeGpus, gpus }) => `${freeGpus} of ${gpus}` },
    {
      head: '$/GPU-hour',
      numeric: true,
      cell: (offer) => <Money microUsd={offer.perGpuHourMicroUsd} decimalsMin={2} />,
    },
  ]
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 font-medium">Node</legend>
      <DataTable
        label="Nodes for lease"
        className="sm:min-w-[620px]"
        stacks
        columns={columns}
        rows={shown}
        rowKey={({ id }) => id}
      />
      {shown.length < offers.length && (
        <p className="mt-1.5 text-xs text-ink-3">
          The {shown.length} cheapest of {offers.length}.{' '}
          <Link className="link" href="/?lease=1">
            Search all of them on the market
          </Link>
        </p>
      )}
    </fieldset>
  )
}

interface RadioProps {
  checked: boolean
  onChoose: () => void
  children: string
}

function Radio({ checked, onChoose, children }: RadioProps) {
  return (
    <label className="flex items-center gap-2">
      <input type="radio" name="node" checked={checked} onChange={onChoose} />
      {children}
    </label>
  )
}
