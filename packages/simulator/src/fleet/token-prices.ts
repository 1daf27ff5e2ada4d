/**
 * Token prices that follow from a rent: what covers the USD/h when the replica does the work that it can do inside the
 * SLO (`prices.rule` of market.json).
 *
 * Floating point ends here: a price is a whole number of µUSD per 10⁶ tokens, rounded up, at least 1.
 */
import type { OfferPrices } from '@isochrone/scheduler'
import type { Market } from '../scenario/load-market.ts'
import { declaredEngine, workShare, type GpuClass } from './engine-time.ts'

/** Prices of a replica of `gpuClass` that costs `usdPerHour` as a whole. Its traffic is priced into its tokens: 0 per GB. */
export function tokenPrices(
  market: Pick<Market, 'prices' | 'slo'>,
  gpuClass: GpuClass,
  usdPerHour: number,
): OfferPrices {
  const engine = declaredEngine(gpuClass)
  const microUsdPerMs = (usdPerHour * 1e6) / 3.6e6 / workShare(engine, market.slo.tpotMs)
  const perMtok = (msPerToken: number) => Math.max(1, Math.ceil(microUsdPerMs * msPerToken * 1e6))
  const inPerMtok = perMtok(engine.prefillMsPerToken)
  return {
    inPerMtok,
    cachedPerMtok: Math.ceil(inPerMtok * market.prices.cachedShareOfInput),
    outPerMtok: perMtok(engine.tpotPerStreamMs + engine.tpotPerStreamTokenMs * market.prices.contextTokens),
    inPerGb: 0,
    outPerGb: 0,
  }
}
