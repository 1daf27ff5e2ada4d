/** What live nodes ask for each model, most nodes first: what a batch's cost is bounded by. */
import type { Offer } from '@isochrone/services'
import type { ModelMarket } from '../page/check-batch-file.ts'

export function modelMarkets(offers: readonly Pick<Offer, 'live' | 'models' | 'prices'>[]): ModelMarket[] {
  const markets = new Map<string, ModelMarket>()
  const known = new Map<string, Set<string>>()
  for (const { models, prices } of offers.filter(({ live }) => live)) {
    const text = Object.values(prices).join(' ')
    for (const { model } of models) {
      const market = markets.get(model) ?? { model, nodes: 0, prices: [] }
      const lists = known.get(model) ?? new Set()
      market.nodes += 1
      if (!lists.has(text)) market.prices.push(prices)
      markets.set(model, market)
      known.set(model, lists.add(text))
    }
  }
  return [...markets.values()].toSorted((a, b) => b.nodes - a.nodes || a.model.localeCompare(b.model))
}
