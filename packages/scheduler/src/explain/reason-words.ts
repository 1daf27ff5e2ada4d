/** Why a replica may not serve a request, in words, with the numbers that decided where the record has them. */
import { featureNames } from '@isochrone/domain'
import { contextNeeded, type PlacementRequest, type RejectionReason, type SampledReplica } from '../placement.ts'

/** What each reason means, for people who have never read this code. */
export const reasonWords: Readonly<Record<RejectionReason | 'no_replica', string>> = {
  other_build: 'runs another build of the model than the one this answer began with',
  unsupported: 'has an engine that cannot do what the request asks for',
  excluded: 'is excluded by the policy, or has already failed this request',
  outside_residency: 'is outside the regions that the policy allows',
  data_policy: 'does not promise the data policy that is asked for',
  gpu_class: 'has a GPU class that the policy does not allow',
  trust: 'has hardware that is known less well than the policy asks',
  context_too_long: 'cannot hold the prompt and the answer in its context',
  over_price_cap: 'costs more than a price cap allows',
  draining: 'is draining: it takes no new work, because its provider lets it finish or a check of it has failed',
  stale: 'has not reported for too long to be a first choice',
  breaker_open: 'failed lately and is left alone until its breaker closes',
  full: 'runs as many streams as it can',
  no_slack: 'is not expected to keep the time targets',
  no_replica: 'no replica offers this model',
}

/** The numbers behind it for one replica; empty where the record does not have them. */
export function rejectionDetail(
  reason: RejectionReason,
  replica: SampledReplica | undefined,
  request: PlacementRequest,
  nowMs: number,
): string {
  const { policy } = request
  if (!replica) return ''
  const { offer } = replica
  const details: Record<RejectionReason, string> = {
    other_build: `build ${offer.modelHash}, asked ${request.modelHash ?? 'any'}`,
    unsupported: `can ${listed(featureNames(offer.features ?? 0))}; asked ${listed(featureNames(policy.features ?? 0))}`,
    excluded: `node ${offer.nodeId} of ${offer.providerId}`,
    outside_residency: `${offer.country || 'unknown country'}, ${offer.region}; allowed ${listed(policy.regions)}`,
    data_policy: `promises ${offer.dataPolicy}, asked ${policy.dataPolicy}`,
    gpu_class: `${offer.gpuClass}; allowed ${listed(policy.gpuClasses)}`,
    trust: `${offer.trust}, asked ${policy.minTrust}`,
    context_too_long: `holds ${offer.contextTokensMax} tokens, needs ${contextNeeded(request)}`,
    over_price_cap: `asks ${usd(offer.prices.inPerMtok)} in, ${usd(offer.prices.outPerMtok)} out per Mtok; ${capsOf(request)}`,
    draining: '',
    stale: `last report ${replica.stateAgeMs === null ? 'never' : `${Math.round(replica.stateAgeMs)} ms ago`}`,
    breaker_open: `for another ${Math.round(Math.max(0, replica.breakerOpenUntilMs - nowMs))} ms`,
    full: `${replica.activeStreams} streams, takes ${Math.floor(replica.streamsMax)} at once`,
    no_slack: `targets ${policy.ttftSloMs} ms to the first token and ${policy.tpotSloMs} ms for each further one, with a margin for those that run there`,
  }
  return details[reason]
}

function capsOf({ policy: { maxPrice } }: PlacementRequest): string {
  const caps = [
    maxPrice.inPerMtok === null ? '' : `${usd(maxPrice.inPerMtok)} in`,
    maxPrice.outPerMtok === null ? '' : `${usd(maxPrice.outPerMtok)} out`,
    maxPrice.requestMicroUsd === null ? '' : `${usd(maxPrice.requestMicroUsd)} for the request`,
  ].filter((cap) => cap !== '')
  return `caps ${caps.join(', ')}`
}

/** `0.40 USD` from µUSD: as many decimals as it has, at least two. */
export function usd(microUsd: number): string {
  if (!Number.isFinite(microUsd)) return 'no price'
  const text = (microUsd / 1e6).toFixed(6).replace(/0{1,4}$/, '')
  return `${text} USD`
}

export function listed(words: readonly string[] | null): string {
  if (words === null) return 'any'
  return words.length > 8 ? `${words.slice(0, 7).join(', ')} and ${words.length - 7} more` : words.join(', ')
}
