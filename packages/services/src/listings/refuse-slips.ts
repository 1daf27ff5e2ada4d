/** What a step says that cannot stand, and what looks like a slip of the hand: the first is refused, the second asked about once. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import type { Promises } from '../providers/terms.ts'
import { detectedNode } from '../queries/listings.ts'
import { gatewayRegions } from './gateway-regions.ts'
import type { ListingDraft } from './listing-draft.ts'
import { measuredMarket, ownFirstTokenMs } from './measured-nodes.ts'
import { priceSlip } from './price-slip.ts'
import { priceYardsticks } from './price-yardstick.ts'
import { promiseGap, promiseSlip } from './promise-slip.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock' | 'live'>

export interface Said {
  given: ListingDraft
  /** What was saved until now. */
  before: ListingDraft
  /** Null while it has not joined. */
  node: ListedNodeRow | null
  orgId: string
  confirmed: boolean
}

/** @throws AppError `invalid_input`; a question has `confirm` among its details and the field's own name. */
export async function refuseSlips(deps: Deps, { given, before, node, orgId, confirmed }: Said): Promise<void> {
  const { prices, promises } = given
  if (prices && !confirmed) ask(priceSlip(prices, await priceYardsticks(deps, node, orgId)))
  if (!promises) return
  await refuseHalves(deps, promises)
  if (confirmed) return
  const measured = await measuredMarket(deps, node, deps.clock.nowMs())
  const own = ownFirstTokenMs(node && detectedNode(node), given.models ?? before.models)
  ask(promiseSlip(promises, measured, own))
}

async function refuseHalves({ store }: Deps, promises: Promises): Promise<void> {
  const gap = promiseGap(promises)
  if (gap !== null) throw new AppError('invalid_input', { publicMessage: gap, field: 'promises.penaltyBps' })
  const { sloRegion } = promises
  if (sloRegion === '') return
  const regions = await gatewayRegions(store)
  if (regions.includes(sloRegion)) return
  const known = regions.length > 0 ? `There are some at: ${regions.join(', ')}.` : 'There is none that names a region.'
  throw new AppError('invalid_input', {
    publicMessage: `No gateway stands at ${sloRegion}, so nothing could be measured there. ${known}`,
    field: 'promises.sloRegion',
  })
}

function ask(slip: { field: string; question: string } | null): void {
  if (!slip) return
  throw new AppError('invalid_input', {
    publicMessage: slip.question,
    field: slip.field,
    details: { confirm: true },
  })
}
