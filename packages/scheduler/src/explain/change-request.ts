/** Applies a change of constraints to a request, and says in words and in money what it means. */
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'
import type { Change } from './obstacles.ts'
import { usd } from './reason-words.ts'

/** The request as it would be asked with these changes. Waiting changes nothing of it. */
export function changeRequest(request: PlacementRequest, changes: readonly Change[]): PlacementRequest {
  const policy: RoutingPolicy = { ...request.policy, maxPrice: { ...request.policy.maxPrice } }
  let { tokensOutMax, tokensOutNeeded, tokensOutExpected } = request
  for (const change of changes) {
    if (change.field === 'ttft_slo_ms') policy.ttftSloMs = change.ms
    else if (change.field === 'tpot_slo_ms') policy.tpotSloMs = change.ms
    else if (change.field === 'max_price.input') policy.maxPrice.inPerMtok = change.microUsd
    else if (change.field === 'max_price.output') policy.maxPrice.outPerMtok = change.microUsd
    else if (change.field === 'max_price.request') policy.maxPrice.requestMicroUsd = change.microUsd
    else if (change.field === 'gpu_classes') policy.gpuClasses = [...(policy.gpuClasses ?? []), change.gpuClass]
    else if (change.field === 'exclude') policy.exclude = policy.exclude.filter((id) => !change.ids.includes(id))
    else if (change.field === 'regions') policy.regions = [...(policy.regions ?? []), change.country]
    else if (change.field === 'min_trust') policy.minTrust = change.level
    else if (change.field === 'data_policy') policy.dataPolicy = change.level
    else if (change.field === 'max_tokens') {
      tokensOutMax = change.tokens
      // Who names a limit needs room for all of it.
      tokensOutNeeded = undefined
      tokensOutExpected = Math.min(tokensOutExpected, tokensOutMax)
    }
  }
  return { ...request, policy, tokensOutMax, tokensOutNeeded, tokensOutExpected }
}

/** Imperative, with the value before and after. */
export function changeWords(change: Change, request: PlacementRequest): string {
  const { policy } = request
  const { maxPrice } = policy
  switch (change.field) {
    case 'wait':
      return `wait ${(change.ms / 1_000).toFixed(1)} s`
    case 'ttft_slo_ms':
      return `accept a TTFT of ${thousands(change.ms)} ms instead of ${thousands(policy.ttftSloMs)} ms`
    case 'tpot_slo_ms':
      return `accept ${thousands(change.ms)} ms a token instead of ${thousands(policy.tpotSloMs)} ms`
    case 'max_tokens':
      return `ask for at most ${thousands(change.tokens)} tokens of output instead of ${thousands(request.tokensOutMax)}`
    case 'max_price.input':
      return `raise max_price.input from ${usdBare(maxPrice.inPerMtok)} to ${usd(change.microUsd)}/Mtok`
    case 'max_price.output':
      return `raise max_price.output from ${usdBare(maxPrice.outPerMtok)} to ${usd(change.microUsd)}/Mtok`
    case 'max_price.request':
      return `raise max_price.request from ${usdBare(maxPrice.requestMicroUsd)} to ${usd(change.microUsd)}`
    case 'gpu_classes':
      return `allow ${change.gpuClass} in gpu_classes`
    case 'exclude':
      return `stop excluding ${change.ids.join(' and ')}`
    case 'regions':
      return `allow ${change.country} in regions`
    case 'min_trust':
      return `lower min_trust from ${policy.minTrust} to ${change.level}`
    case 'data_policy':
      return `lower data_policy from ${policy.dataPolicy} to ${change.level}`
  }
}

/** What the change costs this request, µUSD: money above the caps, and time at the renter's own price of it. */
export function changeCost(change: Change, request: PlacementRequest): number {
  const { policy, tokensIn, tokensOutExpected } = request
  const { maxPrice } = policy
  switch (change.field) {
    case 'wait':
      return (policy.valueOfSecondMicroUsd * change.ms) / 1_000
    case 'ttft_slo_ms':
      return (policy.valueOfSecondMicroUsd * (change.ms - policy.ttftSloMs)) / 1_000
    case 'tpot_slo_ms':
      return (policy.valueOfGenerationSecondMicroUsd * (change.ms - policy.tpotSloMs) * tokensOutExpected) / 1_000
    case 'max_price.input':
      return ((change.microUsd - (maxPrice.inPerMtok ?? 0)) * tokensIn) / 1e6
    case 'max_price.output':
      return ((change.microUsd - (maxPrice.outPerMtok ?? 0)) * tokensOutExpected) / 1e6
    case 'max_price.request':
      return change.microUsd - (maxPrice.requestMicroUsd ?? 0)
    default:
      return 0
  }
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en')
const usdBare = (microUsd: number | null): string => usd(microUsd ?? 0).replace(' USD', '')
