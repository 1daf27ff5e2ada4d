/** A refusal of placement as the customer reads it: what is wrong, when to come back, and what would help. */
import { AppError } from '@isochrone/domain'
import type { Contradiction } from '@isochrone/scheduler'
import { unfitRefusal } from '@isochrone/services'
import type { Suggestions } from './suggestions.ts'
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

/**
 * A cap that no waiting would meet is `invalid_input`; what a new node could mend is want of capacity, without a time.
 * @param lengthField names what is too long for every context
 */
export function noCapacity(
  refusal: Refusal,
  { suggestions, limits }: Suggestions,
  contradiction: Contradiction | null,
  lengthField: string,
): AppError {
  const { reason, record, retryAfterMs, waitedMs, roomFull } = refusal
  if (contradiction?.field.startsWith('max_price')) {
    return new AppError('invalid_input', {
      publicMessage: `routing.${contradiction.reason}.`,
      field: `routing.${contradiction.field}`,
      details: { reason: 'price_cap_below_every_price', record, suggestions },
    })
  }
  const asked = record?.request.policy ?? {}
  const unfit = { lengthField, details: { record, suggestions } }
  if (reason === 'unsupported') return unfitRefusal(reason, asked, unfit)
  if (contradiction) {
    return new AppError('capacity_unavailable', {
      publicMessage: [`routing.${contradiction.reason}.`, ...limits].join(' '),
      details: { reason, record, suggestions },
    })
  }
  if (reason === 'context_too_long') return unfitRefusal(reason, asked, unfit)
  const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  const why = roomFull ? '' : (sentences[reason ?? ''] ?? 'No node serves this model at this moment.')
  const waited = waitedMs >= 1_000 ? ` It waited ${Math.round(waitedMs / 1_000)} s for a place.` : ''
  const crowd = roomFull ? 'Too many requests wait already.' : ''
  return new AppError('capacity_unavailable', {
    publicMessage: `${why}${waited}${crowd} Try again in ${retryAfterS} s.${limits.map((limit) => ` ${limit}`).join('')}`,
    retryAfterS,
    details: { reason, record, suggestions },
  })
}
