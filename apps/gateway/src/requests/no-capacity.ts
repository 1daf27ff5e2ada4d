/** A refusal of placement as the customer reads it: what is wrong, when to come back, and what would help. */
import { AppError } from '@isochrone/domain'
import type { NodeState } from '@isochrone/protocol'
import type { PlacementRequest } from '@isochrone/scheduler'
import type { Refusal } from './waiting-room.ts'

const sentences: Partial<Record<string, string>> = {
  full: 'Every node that may serve this request is busy.',
  no_slack: 'No node that may serve this request would answer in the time it asks for.',
  draining: 'Every node that may serve this request is about to stop.',
  stale: 'No node that may serve this request has reported lately.',
  breaker_open: 'Every node that may serve this request has failed lately and is given a pause.',
  outside_residency: 'No node that serves this model is inside the regions that this request may run in.',
  data_policy: 'No node that serves this model promises the data policy that this request needs.',
  gpu_class: 'No node that serves this model has one of the GPU classes that this request asks for.',
  trust: 'No node that serves this model is known as well as min_trust asks for.',
  excluded: 'Every node that may serve this request is excluded, or has failed it.',
  over_price_cap: 'Every node that may serve this request costs more than its price cap.',
}

/** `suggestions` are the smallest changes of the policy that would admit the request now. */
export function noCapacity(refusal: Refusal, suggestions: readonly unknown[]): AppError {
  const { reason, record, retryAfterMs, waitedMs, roomFull } = refusal
  if (reason === 'context_too_long') {
    return new AppError('invalid_input', {
      publicMessage:
        'Prompt and requested completion are longer than the context of every node that may serve this request.',
      field: 'max_tokens',
      details: { reason: 'context_length_exceeded', record, suggestions },
    })
  }
  const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  const why = sentences[reason ?? ''] ?? 'No node serves this model at this moment.'
  const waited = waitedMs >= 1_000 ? ` It waited ${Math.round(waitedMs / 1_000)} s for a place.` : ''
  const crowd = roomFull ? ' Too many requests wait already.' : ''
  return new AppError('capacity_unavailable', {
    publicMessage: `${why}${waited}${crowd} Try again in ${retryAfterS} s.`,
    retryAfterS,
    details: { reason, record, suggestions },
  })
}

/**
 * Throws `invalid_input` where the price cap lies below what every node asks that serves the model here: no waiting would
 * help. The least that would admit it is in the message.
 */
export function requireReachableCap(request: PlacementRequest, lists: readonly NodeState[]): void {
  const { maxPrice } = request.policy
  const caps = [
    { field: 'input', unit: 'USD per million tokens of input', cap: maxPrice.inPerMtok, asked: inputPriceOf },
    { field: 'output', unit: 'USD per million tokens of output', cap: maxPrice.outPerMtok, asked: outputPriceOf },
    {
      field: 'request',
      unit: 'USD for this request in the worst case',
      cap: maxPrice.requestMicroUsd,
      asked: (node: NodeState) => worstCaseOf(request, node),
    },
  ]
  if (lists.length === 0) return
  for (const { field, unit, cap, asked } of caps) {
    const cheapest = Math.min(...lists.map(asked))
    if (cap === null || cheapest <= cap) continue
    throw new AppError('invalid_input', {
      publicMessage: `routing.max_price.${field} is ${usd(cap)} ${unit}, but the cheapest node that serves this model asks ${usd(cheapest)}.`,
      field: `routing.max_price.${field}`,
      details: { reason: 'price_cap_below_every_price' },
    })
  }
}

const inputPriceOf = ({ prices }: NodeState): number =>
  Math.max(Number(prices.inMicroUsdPerMtok), Number(prices.cachedMicroUsdPerMtok))
const outputPriceOf = ({ prices }: NodeState): number => Number(prices.outMicroUsdPerMtok)

function worstCaseOf(request: PlacementRequest, node: NodeState): number {
  const { tokensInMax = request.tokensIn, tokensOutMax, bytesIn } = request
  const tokens = tokensInMax * inputPriceOf(node) + tokensOutMax * outputPriceOf(node)
  return tokens / 1e6 + (bytesIn * Number(node.prices.inMicroUsdPerGb)) / 1e9
}

/** µUSD as dollars, for a sentence. */
const usd = (microUsd: number): string => String(Number((microUsd / 1e6).toPrecision(6)))
