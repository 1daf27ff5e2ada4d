/**
 * The worker's rounds about disputes: rows follow the chain, orders are sent, and what can be closed is.
 *
 * Every step may be done twice: a row is whatever the contract says now, an action that is on the chain already counts as
 * done, and a closed dispute stays closed. What the contract refuses ends an order with its sentence.
 */
import { openDisputeStates, type DisputeState } from '@isochrone/domain'
import type { DisputeAction, Hex } from '@isochrone/protocol'
import { carryOutOrders } from '../chain/carry-out-orders.ts'
import { sendRecorded } from '../chain/send-recorded.ts'
import { storedMicroUsd } from '../chain/stored-amounts.ts'
import { doEach, type DutyRound } from '../chain/duty-round.ts'
import type { DisputeAccount, DisputeChain, DisputeOnChain } from '../ports/dispute-port.ts'
import type { DisputeOrderRow, DisputeRow, DisputeWorkDeps } from '../ports/dispute-store.ts'

const A_ROUND = 50
const EXECUTED_A_ROUND = 20

export interface DisputeRoundDeps extends DisputeWorkDeps {
  chain: DisputeChain
}

/** Reads disputes that something happened to, or whose events a reorganisation took away. Returns how many. */
export async function refreshDisputes({ disputes, chain }: DisputeRoundDeps): Promise<number> {
  const ids = await disputes.marked(A_ROUND)
  for (const id of ids) {
    const dispute = await chain.dispute(id)
    await disputes.saveDispute(id, dispute && rowOf(dispute))
  }
  return ids.length
}

/** Sends what organisations asked for. How many became final; stops at the first one when the chain is away. */
export async function runDisputeOrders(deps: DisputeRoundDeps): Promise<number> {
  const { disputes } = deps
  return await carryOutOrders(
    await disputes.openDisputeOrders(A_ROUND),
    (order) => carryOut(deps, order),
    ({ id }, error) => disputes.updateDisputeOrder(id, { status: 'failed', error }),
  )
}

async function carryOut({ disputes, transactions, chain }: DisputeRoundDeps, order: DisputeOrderRow): Promise<void> {
  const action = order.payload as DisputeAction
  await disputes.updateDisputeOrder(order.id, { status: 'sent' })
  const about = { purpose: `dispute-${action.action}`, subject: order.subject }
  const { txHash, disputeId } = await sendRecorded(transactions, about, () =>
    chain.send(order.account as DisputeAccount, action),
  )
  await disputes.updateDisputeOrder(order.id, {
    status: 'final',
    error: null,
    ...(txHash !== null && { txHash }),
    ...(disputeId !== null && { disputeId }),
  })
}

/** Carries out rulings that can no longer be appealed, and closes what nobody ruled on in time. */
export async function executeDisputes({ disputes, transactions, chain }: DisputeRoundDeps): Promise<DutyRound> {
  const nowS = BigInt(await chain.nowS())
  const open = await disputes.disputesIn(openDisputeStates, EXECUTED_A_ROUND)
  const due = open.filter((row) => canExecute(row, nowS, BigInt(chain.ruleS)))
  const ruledOnAppeal = await disputes.disputesIn(['appeal_ruled'], EXECUTED_A_ROUND)
  const ids = new Set([...due, ...ruledOnAppeal].map(({ id }) => id))
  return await doEach([...ids], String, async (id) => {
    await sendRecorded(transactions, { purpose: 'dispute-execute', subject: String(id) }, () => chain.execute(id))
    return true
  })
}

/** Whether the contract would carry it out at this chain time. */
export function canExecute(
  { state, deadlineS }: Pick<DisputeRow, 'state' | 'deadlineS'>,
  nowS: bigint,
  ruleS: bigint,
): boolean {
  if (!openDisputeStates.includes(state)) return false
  if (state === 'appeal_ruled') return true
  return nowS > (state === 'filed' ? deadlineS + ruleS : deadlineS)
}

function rowOf(dispute: DisputeOnChain): Omit<DisputeRow, 'id' | 'filedAtMs'> {
  const lower = (text: string) => text.toLowerCase() as Hex
  return {
    state: dispute.state satisfies DisputeState,
    kind: dispute.kind,
    filer: lower(dispute.filer),
    subject: lower(dispute.subject),
    channelId: lower(dispute.channelId),
    providerId: lower(dispute.providerId),
    lane: lower(dispute.lane),
    epoch: BigInt(dispute.epoch),
    amountMicroUsd: storedMicroUsd(dispute.amount),
    priceMicroUsd: storedMicroUsd(dispute.price),
    bondMicroUsd: storedMicroUsd(dispute.bond),
    frozenMicroUsd: storedMicroUsd(dispute.frozen),
    lockedMicroUsd: storedMicroUsd(dispute.locked),
    refundMicroUsd: storedMicroUsd(dispute.refund),
    appellant: dispute.appellant && lower(dispute.appellant),
    appealBondMicroUsd: storedMicroUsd(dispute.appealBond),
    appealRefundMicroUsd: storedMicroUsd(dispute.appealRefund),
    deadlineS: BigInt(dispute.deadlineS),
  }
}
