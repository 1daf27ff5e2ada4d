/** The SLOs of a request by definition: TTFT = base + factor × unloaded prefill on the reference class; TPOT fixed. */
import { declaredEngine } from '../fleet/engine-time.ts'
import type { Market } from '../scenario/load-market.ts'

export function ttftSloMs({ slo }: Pick<Market, 'slo'>, tokensIn: number): number {
  const { prefillMsPerToken } = declaredEngine(slo.ttftPrefillClass)
  return slo.ttftBaseMs + slo.ttftPrefillFactor * tokensIn * prefillMsPerToken
}
