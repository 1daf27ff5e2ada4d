/**
 * What a gateway writes of a request where its store is outside the organisation's residency: nothing that comes from the
 * prompt or from the answer.
 *
 * A request's outcome holds counts, times, prices and salted hashes anyway. Beside those it may hold words of a node or
 * an engine, which can repeat a prompt, and hashes of the prompt's beginning, by which a guess can be checked.
 */
import type { RequestFinishedEntry } from '@isochrone/protocol'
import type { Lane } from '../ports.ts'
import type { ControlView } from './control-state.ts'
import { isInside, residencyOf, type Place } from './residency.ts'

type Finished = Omit<RequestFinishedEntry, 'type' | 'lane'>

/** The same lane; outcomes of organisations for which `store` is outside are written without content. */
export function keepContentInside<L extends Lane>(
  lane: L,
  control: Pick<ControlView, 'organisation'>,
  store: Place,
): L {
  return Object.assign(Object.create(lane) as L, {
    finishRequest(entry: Finished): Promise<void> {
      const organisation = control.organisation(entry.request.orgId)
      const inside = organisation !== undefined && isInside(residencyOf(organisation), store)
      return lane.finishRequest(inside ? entry : withoutContent(entry))
    },
  })
}

/** Exported for its test. */
export function withoutContent(entry: Finished): Finished {
  const { request, answer, ...rest } = entry
  const dropped = 'Kept nowhere: the store is outside the residency.'
  return {
    ...rest,
    // Queued work is refused here before it runs; this is for a residency that was set while it ran.
    ...(answer !== undefined && { answer: { error: { message: dropped } } }),
    request: {
      ...request,
      errorMessage: request.errorMessage === null ? null : dropped,
      attempts: request.attempts.map((attempt) => ({ ...attempt, message: null })),
      placement: withoutPrefixes(request.placement),
    },
  }
}

/** What was found in caches stands in the sampled rows; a replay needs no hash of a prompt, but that there was one. */
function withoutPrefixes(placement: unknown): unknown {
  if (typeof placement !== 'object' || placement === null || !('request' in placement)) return placement
  const { request, earlier, later } = placement as { request: unknown; earlier?: unknown; later?: unknown }
  return {
    ...placement,
    ...(typeof request === 'object' && { request: { ...request, prefixHashes: zerosFor(request) } }),
    ...(Array.isArray(earlier) && { earlier: earlier.map(withoutPrefixes) }),
    ...(Array.isArray(later) && { later: later.map(withoutPrefixes) }),
  }
}

function zerosFor(request: object | null): number[] {
  const { prefixHashes } = { prefixHashes: [], ...request } as { prefixHashes: unknown }
  return Array.isArray(prefixHashes) ? prefixHashes.map(() => 0) : []
}
