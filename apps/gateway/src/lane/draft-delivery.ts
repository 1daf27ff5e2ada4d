/**
 * The delivery receipt of an attempt before it has a number: its bill and what the gateway saw, in the signed shape.
 *
 * One way for attempts that this process watched, one for those that an earlier process left open and of which only
 * the node's work receipt tells.
 */
import type { Prices } from '@isochrone/domain'
import {
  fault,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Fault,
  type Hex,
  type Signed,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { AttemptSeen } from '../ports.ts'
import { billAttempt, type Bill } from './bill-attempt.ts'
import { workHashOf } from './check-work.ts'
import type { Draft, OpenAttempt } from './lane-state.ts'

export interface DraftContext {
  lane: Hex
  /** As receipts hold it: eight bytes. */
  region: Hex
  /** As the terms of the attempt say. */
  pricesOf: (termsHash: Hex) => Prices
}

interface Facts {
  work: Signed<WorkReceipt> | null
  bill: Bill
  attemptTtftMs: number
  durationMs: number
  httpStatus: number
  fault: Fault
}

/** `work` null with `workRefused`: a receipt came that was not the one ordered. */
export function draftOfSeen(
  context: DraftContext,
  attempt: OpenAttempt,
  seen: AttemptSeen,
  work: Signed<WorkReceipt> | null,
  workRefused: boolean,
): Draft {
  const blamed = workRefused && seen.fault === fault.none ? fault.provider : seen.fault
  const bill = billAttempt({
    work: work?.value ?? null,
    workRefused,
    fault: blamed,
    billable: seen.billable && attempt.intent.leaseId === undefined,
    tokensDelivered: seen.tokensDelivered,
    tokensOutMax: attempt.intent.tokensOutMax,
    tokensBefore: attempt.intent.continues?.tokens ?? 0,
    continued: attempt.continuedTokens !== null || seen.movedOn === true,
    bytesIn: attempt.intent.bytesIn,
    bytesOut: seen.bytesOut,
    prices: context.pricesOf(attempt.intent.termsHash),
  })
  const { durationMs, httpStatus } = seen
  const attemptTtftMs = seen.attemptTtftMs ?? 0
  return draft(context, attempt, { work, bill, attemptTtftMs, durationMs, httpStatus, fault: blamed })
}

/**
 * After this gateway's own death: the node signed for what was acknowledged, so that was delivered. A request that was
 * not streamed, or a queued one, got no answer at all and costs nothing; nor does an attempt that another one replaced.
 */
export function draftOfRecovered(
  context: DraftContext,
  attempt: OpenAttempt,
  work: Signed<WorkReceipt>,
  superseded: boolean,
): Draft {
  const { intent } = attempt
  const bill = billAttempt({
    work: work.value,
    workRefused: false,
    fault: fault.gateway,
    billable: intent.stream && intent.jobId === null && intent.leaseId === undefined && !superseded,
    tokensDelivered: attempt.continuedTokens ?? work.value.tokensOut,
    tokensOutMax: intent.tokensOutMax,
    tokensBefore: intent.continues?.tokens ?? 0,
    continued: attempt.continuedTokens !== null,
    bytesIn: intent.bytesIn,
    bytesOut: 0,
    prices: context.pricesOf(attempt.intent.termsHash),
  })
  return draft(context, attempt, {
    work,
    bill,
    attemptTtftMs: Math.round(work.value.engineTtftUs / 1000),
    durationMs: Math.max(0, work.value.finishedAtMs - intent.startedAtMs),
    httpStatus: intent.stream && work.value.tokensOut > 0 ? 200 : 502,
    fault: fault.gateway,
  })
}

function draft({ lane, region }: DraftContext, { intent }: OpenAttempt, facts: Facts): Draft {
  const { usage, priceMicroUsd } = facts.bill
  const delivery: DeliveryReceipt = {
    workHash: facts.work ? workHashOf(facts.work.value) : ZERO_BYTES32,
    channelId: intent.channelId,
    requestId: intent.requestIdHash,
    attempt: intent.attempt,
    nodeId: intent.nodeId,
    lane,
    seq: 0,
    termsHash: intent.termsHash,
    billedIn: usage.tokensIn,
    billedCached: usage.tokensCached,
    billedOut: usage.tokensOut,
    bytesIn: usage.bytesIn,
    bytesOut: usage.bytesOut,
    price: priceMicroUsd,
    attemptTtftMs: toUint32(facts.attemptTtftMs),
    durationMs: toUint32(facts.durationMs),
    startedAtMs: Math.round(intent.startedAtMs),
    httpStatus: facts.httpStatus,
    fault: facts.fault,
    region,
  }
  return { delivery, work: facts.work }
}

const toUint32 = (value: number): number => Math.min(0xffff_ffff, Math.max(0, Math.round(value)))
