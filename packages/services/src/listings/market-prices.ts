/**
 * What nodes on the market ask that are like this one: of a model that it serves on its GPU class, else of that model, else of that class.
 * Unlike things say nothing of its prices; the whole market is shown only while nobody knows yet what the node is.
 */
import { servedModel } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { pricesOfStored, termsOfStored } from '../providers/terms.ts'
import { modelsOf } from '../queries/live-nodes.ts'
import type { PriceStep } from './listing-draft.ts'

/** By what offers were found to be like; `nobody`: none is. */
export type MarketBasis = 'model_and_class' | 'model' | 'class' | 'all' | 'nobody'

export interface MarketPrice {
  basis: MarketBasis
  /** µUSD, ascending. */
  values: bigint[]
}
export type Market = Record<keyof PriceStep, MarketPrice>

export interface Priced {
  models: readonly string[]
  gpuClass: string
  prices: Record<keyof PriceStep, bigint>
}

const fields = ['inMicroUsdPerMtok', 'cachedMicroUsdPerMtok', 'outMicroUsdPerMtok', 'gpuHourMicroUsd'] as const

/** @param node that is to be priced; null while it has not joined. */
export async function marketPrices(deps: Pick<ControlPlaneDeps, 'store' | 'live'>, node: Node | null): Promise<Market> {
  const { like, others } = await pricedNodes(deps, node)
  return marketOf(others, like)
}

type Node = Pick<ListedNodeRow, 'nodeId' | 'models' | 'gpuClass'>

/** All other nodes on the market, what this one is, and the other nodes of a provider, on the market or not. */
export async function pricedNodes({ store, live }: Pick<ControlPlaneDeps, 'store' | 'live'>, node: Node | null) {
  const [rows, liveness] = await Promise.all([store.providers.nodes(), live.nodes()])
  const priced = (row: ListedNodeRow): Priced => {
    const models = modelsOf(row, liveness.get(row.nodeId)).map(({ model }) => model)
    return { models, gpuClass: row.gpuClass, prices: pricesOf(row) }
  }
  const others = rows.filter(({ nodeId }) => nodeId !== node?.nodeId)
  const said = servedModel.array().safeParse(node?.models).data ?? []
  return {
    like: node && { models: said.map(({ model }) => model), gpuClass: node.gpuClass },
    others: others.filter(({ status }) => status === 'active').map(priced),
    ofProvider: (id: string) => others.filter(({ providerId }) => providerId === id).map(priced),
  }
}

/** Field by field, because not everybody who sells tokens of a model rents its GPUs out. Pure. */
export function marketOf(others: readonly Priced[], like: Pick<Priced, 'models' | 'gpuClass'> | null): Market {
  const isModel = ({ models }: Priced) => models.some((model) => like?.models.includes(model))
  const isClass = ({ gpuClass }: Priced) => gpuClass === like?.gpuClass
  const narrowing: [MarketBasis, (other: Priced) => boolean][] = like
    ? [
        ['model_and_class', (other) => isModel(other) && isClass(other)],
        ['model', isModel],
        ['class', isClass],
      ]
    : [['all', () => true]]
  const priceOf = (field: keyof PriceStep): MarketPrice => {
    for (const [basis, isLike] of narrowing) {
      const values = others.filter(isLike).map(({ prices }) => prices[field])
      // Who asks nothing for a GPU-hour does not rent.
      const asked = field === 'gpuHourMicroUsd' ? values.filter((value) => value > 0n) : values
      if (asked.length > 0) return { basis, values: asked.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)) }
    }
    return { basis: 'nobody', values: [] }
  }
  const [input, cached, out, hour] = fields.map(priceOf) as [MarketPrice, MarketPrice, MarketPrice, MarketPrice]
  return { inMicroUsdPerMtok: input, cachedMicroUsdPerMtok: cached, outMicroUsdPerMtok: out, gpuHourMicroUsd: hour }
}

function pricesOf({ terms }: ListedNodeRow): Priced['prices'] {
  const { inMicroUsdPerMtok, cachedMicroUsdPerMtok, outMicroUsdPerMtok } = pricesOfStored(terms)
  const gpuHourMicroUsd = BigInt(termsOfStored(terms)?.perGpuHour ?? 0)
  return { inMicroUsdPerMtok, cachedMicroUsdPerMtok, outMicroUsdPerMtok, gpuHourMicroUsd }
}
