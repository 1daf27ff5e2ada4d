/**
 * What the magnitude of a price is held against: offers like it, else all offers, else the provider's other nodes, else what is usual.
 * So whoever lists first is asked about a slip too. What the price step shows beside its fields stays with what is like the node.
 */
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import type { PriceStep } from './listing-draft.ts'
import { marketOf, pricedNodes, type Priced } from './market-prices.ts'

export interface Yardstick {
  /** `like` also stands for all offers while nobody knows yet what the node is. */
  basis: 'like' | 'all' | 'own' | 'usual'
  /** µUSD, above 0. */
  middle: bigint
}
export type Yardsticks = Readonly<Record<keyof PriceStep, Yardstick>>

/** What the price step begins with, µUSD. */
export const firstPrices: PriceStep = {
  inMicroUsdPerMtok: '100000',
  cachedMicroUsdPerMtok: '20000',
  outMicroUsdPerMtok: '400000',
  // Not for rent.
  gpuHourMicroUsd: '0',
}
/** The magnitude of an hour, µUSD: of a data-centre GPU, and of a CPU as one place. */
const usualHour = { gpu: 2_000_000n, cpu: 100_000n }

type Like = Pick<Priced, 'models' | 'gpuClass'> | null

/** @param node that is to be priced; null while it has not joined. */
export async function priceYardsticks(
  deps: Pick<ControlPlaneDeps, 'store' | 'live'>,
  node: ListedNodeRow | null,
  orgId: string,
): Promise<Yardsticks> {
  const provider = await deps.store.providers.byOrg(orgId)
  const { like, others, ofProvider } = await pricedNodes(deps, node)
  return yardsticksOf({ like, others, own: provider ? ofProvider(provider.id) : [] })
}

/** Pure. Nothing is held against a price of zero, which says nothing of magnitudes. */
export function yardsticksOf({
  like,
  others,
  own,
}: {
  like: Like
  others: readonly Priced[]
  own: readonly Priced[]
}): Yardsticks {
  const [near, all] = [marketOf(others, like), marketOf(others, null)]
  const yardstick = (field: keyof PriceStep): Yardstick => {
    const found = [
      { basis: 'like', values: near[field].values },
      { basis: 'all', values: all[field].values },
      { basis: 'own', values: own.map(({ prices }) => prices[field]) },
    ] as const
    for (const { basis, values } of found) {
      const middle = medianOf(values.filter((value) => value > 0n))
      if (middle !== null) return { basis, middle }
    }
    return { basis: 'usual', middle: usual(field, like) }
  }
  return {
    inMicroUsdPerMtok: yardstick('inMicroUsdPerMtok'),
    cachedMicroUsdPerMtok: yardstick('cachedMicroUsdPerMtok'),
    outMicroUsdPerMtok: yardstick('outMicroUsdPerMtok'),
    gpuHourMicroUsd: yardstick('gpuHourMicroUsd'),
  }
}

function usual(field: keyof PriceStep, like: Like): bigint {
  if (field === 'gpuHourMicroUsd') return like?.gpuClass === 'CPU' ? usualHour.cpu : usualHour.gpu
  return BigInt(firstPrices[field])
}

export function medianOf(values: readonly bigint[]): bigint | null {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
