'use client'
/** The market's prices on a line with one's own among them, and the same as a table. */
import { formatUsd } from '@isochrone/domain'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { priceRows, priceSpread, type PriceSpread } from '~/lib/market/price-spread.ts'

const WIDTH = 300
const HEIGHT = 34
const EDGE = 6
const MIDDLE = 14

export function PriceSpreadView({ label, values, own }: { label: string; values: bigint[]; own: bigint | undefined }) {
  if (values.length === 0) return null
  const spread = priceSpread(values, own)
  return (
    <div className="flex flex-col gap-0.5">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="w-full max-w-sm" role="img" aria-label={spoken(label, spread)}>
        <Offers spread={spread} />
        {spread.own !== undefined && (
          <path d={`M${x(spread.own)} ${MIDDLE + 9} l-4.5 8 h9 z`} className="fill-accent" data-own />
        )}
      </svg>
      <p className="text-xs text-ink-3">{standing(spread)}</p>
      <details className="text-xs">
        <summary className="w-fit text-ink-2 hover:text-ink">
          {values.length === 1 ? 'The price' : `All ${values.length} prices`}
        </summary>
        <Table label={`Prices of the market: ${label}`} className="mt-1 max-w-56">
          <thead>
            <tr>
              <Th numeric>Price</Th>
              <Th numeric>Offers</Th>
            </tr>
          </thead>
          <tbody>
            {priceRows(values).map(({ microUsd, offers }) => (
              <Tr key={`${microUsd} ${offers}`}>
                <Td numeric>{formatUsd(microUsd)}</Td>
                <Td numeric>{offers}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      </details>
    </div>
  )
}

function Offers({ spread: { places, quartiles } }: { spread: PriceSpread }) {
  const [quarter, half, threeQuarters] = quartiles.map(x) as [number, number, number]
  return (
    <>
      <line x1={EDGE} x2={WIDTH - EDGE} y1={MIDDLE} y2={MIDDLE} className="stroke-line-strong" />
      <rect
        x={quarter - 1}
        y={MIDDLE - 7}
        width={threeQuarters - quarter + 2}
        height={14}
        rx={3}
        className="fill-accent-soft stroke-line-strong"
      />
      <line x1={half} x2={half} y1={MIDDLE - 7} y2={MIDDLE + 7} className="stroke-ink-2" strokeWidth={1.5} />
      {[...new Set(places.map((place) => Math.round(x(place))))].map((at) => (
        <circle key={at} cx={at} cy={MIDDLE} r={2.5} className="fill-ink-3" />
      ))}
    </>
  )
}

const x = (place: number): number => EDGE + place * (WIDTH - 2 * EDGE)

function standing({ own, less, same, more }: PriceSpread): string {
  if (own === undefined) return 'Each dot is an offer; the box holds the middle half of them.'
  const alike = same > 0 ? `, ${same} the same` : ''
  return `Yours is the triangle: ${less} ask less${alike}, ${more} more.`
}

function spoken(label: string, spread: PriceSpread): string {
  const range = `from ${formatUsd(spread.least)} to ${formatUsd(spread.most)}`
  return `${label}: ${spread.places.length} offers ${range}. ${standing(spread)}`
}
