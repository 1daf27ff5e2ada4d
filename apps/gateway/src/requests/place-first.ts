/** The first place of a request: waits while every node is busy, and puts a refusal on record so that people can ask why. */
import { toAppError, type AppError } from '@isochrone/domain'
import type { PlacementRequest } from '@isochrone/scheduler'
import { clientGone, deadlinePassed } from './attempts/attempt-failure.ts'
import { leftMsOf } from './deadline.ts'
import { noCapacity } from './placement/no-capacity.ts'
import { outcomeEntry } from './outcome-entry.ts'
import { patienceMsOf } from './placement/patience.ts'
import type { RequestContext } from './request-context.ts'
import { organisationWishOf } from './read/routing-of.ts'
import { isPlaced } from './placement/waiting-room.ts'
import type { Placed } from './placement/placer.ts'
import type { ServeDeps } from './serving.ts'

/** Throws `capacity_unavailable` where there is no place in time, and what the policy contradicts. */
export async function placeFirst(
  deps: ServeDeps,
  ctx: RequestContext,
  asked: PlacementRequest,
  signal: AbortSignal,
): Promise<Placed> {
  if (ctx.pinned) return deps.placer.placePinned(ctx, asked)
  const { model, lengthField } = ctx.request
  try {
    const patienceMs = patienceMsOf(deps, ctx)
    const tenant = ctx.organisation.orgId
    const outcome = await deps.room.place({ model, tenant, request: asked, patienceMs, signal, waits: ctx.started })
    if (isPlaced(outcome)) return outcome
    if (leftMsOf(ctx, deps.clock.nowMs()) === 0) throw deadlinePassed(false)
    if (outcome.roomFull) throw noCapacity(outcome, { suggestions: [], limits: [] }, null, lengthField)
    const contradiction = deps.placer.contradiction(model, asked)
    const suggestions = deps.placer.suggest(model, asked, organisationWishOf(ctx.organisation))
    throw noCapacity(outcome, suggestions, contradiction, lengthField)
  } catch (thrown) {
    const error = signal.aborted ? clientGone() : toAppError(thrown)
    recordRefusal(deps, ctx, error)
    throw error
  }
}

/** Without receipts: nothing was attempted. */
function recordRefusal({ lane, logger }: ServeDeps, ctx: RequestContext, error: AppError): void {
  const placement = error.details.record ?? null
  lane
    .finishRequest(outcomeEntry({ ctx, records: [], served: null, error, placement, answer: undefined }))
    .catch((cause: unknown) => logger.error({ err: cause, requestId: ctx.requestId }, 'a refusal was not journalled'))
}
