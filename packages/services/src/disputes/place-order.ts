/**
 * From a step that an organisation wants to take to whoever can send it: the worker for managed accounts, as an order; or
 * the organisation's own wallet, as calls to sign. One open order for each (organisation, action, subject).
 */
import { AppError, newId, openDisputeStates, toAppError } from '@isochrone/domain'
import type { DisputeAction, Hex } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ChainCall, DisputeAccount } from '../ports/dispute-port.ts'
import type { CheckedDocument } from './documents.ts'
import { orderView, type DisputeOrderView } from './views.ts'

export type DisputeDeps = Pick<ControlPlaneDeps, 'store' | 'chain' | 'clock' | 'disputes'>

/** What was asked for is on its way, or waits for the owner's wallet. */
export type DisputePlan =
  | { by: 'platform'; order: DisputeOrderView }
  | { by: 'wallet'; account: string; calls: ChainCall[] }

/** A managed channel's bond is the platform's money. */
export const OPEN_MAX = 5

export interface Step {
  orgId: string
  userId: string
  /** Who has to send it, lower case. */
  sender: string
  action: DisputeAction
  subject: string
  disputeId: bigint | null
  document: (CheckedDocument & { role: 'evidence' | 'answer' }) | null
}

export async function planStep(deps: DisputeDeps, step: Step): Promise<DisputePlan> {
  const { store } = deps
  const { orgId, userId, action, subject, disputeId, document } = step
  const account = accountOf(deps, step.sender)
  await assertAccepted(deps, step.sender as Hex, action)
  if (document) {
    const { hash, role, mediaType, text: body } = document
    await store.disputes.saveDocument({ hash, role, mediaType, body, orgId, userId })
  }
  if (account === null) {
    return { by: 'wallet', account: step.sender, calls: await deskOf(deps).calls(step.sender as Hex, action) }
  }
  const order = await store.disputes.placeOrder({
    id: newId('ask'),
    orgId,
    requestedBy: userId,
    action: action.action,
    subject,
    disputeId,
    account,
    payload: action,
  })
  if (!order) throw new AppError('internal', { publicMessage: 'The order could not be kept. Try again.' })
  return { by: 'platform', order: orderView(order) }
}

/** The chain's own checks, on the chain as it is: a refusal is a sentence before anything is kept or sent. */
async function assertAccepted(deps: DisputeDeps, sender: Hex, action: DisputeAction): Promise<void> {
  const rehearsal = await deskOf(deps)
    .rehearse(sender, action)
    .catch((error: unknown) => {
      // An endpoint that cannot simulate: the order itself will say what the contract refuses.
      if (toAppError(error).code === 'chain_unavailable') return null
      throw error
    })
  const refusal = rehearsal?.steps.find((step) => step.refusal !== null)?.refusal
  if (refusal) throw new AppError('state_conflict', { publicMessage: refusal })
}

/**
 * An own wallet puts up its own bonds, as many as it likes.
 * @throws AppError `rate_limited` when an organisation of a managed channel has enough open.
 */
export async function assertRoomForBond(
  deps: DisputeDeps,
  orgId: string,
  channel: { id: string; ownerAddress: string },
): Promise<void> {
  if (accountOf(deps, channel.ownerAddress) === null) return
  const { disputes } = deps.store
  assertRoom((await disputes.openAgainst(channel.id, openDisputeStates)) + (await disputes.openOrderCount(orgId)))
}

/** The same for challenges of its own records by a provider whose account is the platform's. */
export async function assertRoomForChallenge(
  deps: DisputeDeps,
  orgId: string,
  provider: { id: string; ownerAddress: string },
): Promise<void> {
  if (accountOf(deps, provider.ownerAddress) === null) return
  const { disputes } = deps.store
  assertRoom((await disputes.challengedRecords(provider.id)) + (await disputes.openOrderCount(orgId)))
}

function assertRoom(open: number): void {
  if (open < OPEN_MAX) return
  throw new AppError('rate_limited', {
    publicMessage: `There are ${open} disputes and challenges of yours open, for each of which the platform holds a bond. Wait until one is over.`,
    retryAfterS: 60,
  })
}

/** Null for an owner's own wallet. */
export function accountOf({ chain }: DisputeDeps, sender: string): DisputeAccount | null {
  if (sender === chain.managedOwnerAddress) return 'managed'
  return sender === chain.operatorAddress ? 'operator' : null
}

export function deskOf({ disputes }: DisputeDeps) {
  if (disputes) return disputes
  throw new AppError('chain_unavailable', { publicMessage: 'Disputes cannot be reached here.' })
}
