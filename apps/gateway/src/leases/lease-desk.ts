/**
 * What the worker asks of this gateway about a lease, carried out on the node: an engine of its own, a reading of its meter,
 * its end. It remembers nothing between calls but what the lane journals.
 *
 * One reading of a lease at a time. Its price leaves the lease's money and joins what the lane has spent in the turn in which
 * it is signed.
 */
import { isAppError, toAppError, type Clock } from '@isochrone/domain'
import {
  bytes32Of,
  encodeStruct,
  type Hex,
  type LeaseCommand,
  type LeaseOrderAnswer,
  type LeaseReading,
  type LeaseReply,
} from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { Budget } from '../budget/budget-types.ts'
import type { GatewayLane } from '../lane/gateway-lane.ts'
import type { NodeSession, Sessions } from '../ports.ts'

export interface LeaseDesk {
  provision(command: LeaseCommand): Promise<LeaseReply>
  read(command: LeaseCommand, reading: LeaseReading): Promise<LeaseReply>
  stop(command: LeaseCommand): Promise<LeaseReply>
}

export interface LeaseDeskDeps {
  sessions: Pick<Sessions, 'byNode'>
  lane: Pick<GatewayLane, 'id' | 'leaseSpan' | 'signLease'>
  budget: Pick<Budget, 'paidFromLease'>
  clock: Clock
  logger: Logger
}

type Ordering = Required<Pick<NodeSession, 'order'>>
/** Shorter spans are left for the next reading: each receipt is rounded up. */
const SPAN_MS_MIN = 1

export function createLeaseDesk({ sessions, lane, budget, clock, logger }: LeaseDeskDeps): LeaseDesk {
  const reading = new Map<string, Promise<LeaseReply>>()

  /** What the node says, or why it says nothing. */
  async function ask(
    { nodeId, leaseId }: LeaseCommand,
    order: Parameters<Ordering['order']>[1],
  ): Promise<LeaseOrderAnswer | Extract<LeaseReply, { kind: 'gone' }>> {
    const session = sessions.byNode(nodeId)
    if (!session?.order) return { kind: 'gone', reason: 'The node is not linked here.' }
    try {
      return await session.order(bytes32Of(leaseId), order)
    } catch (error) {
      return { kind: 'gone', reason: toAppError(error).publicMessage }
    }
  }

  async function readOnce(command: LeaseCommand, asked: LeaseReading, fromMs = 0): Promise<LeaseReply> {
    const span = lane.leaseSpan(command, asked, { nowMs: clock.nowMs(), fromMs })
    if (!span || span.reading.toMs - span.reading.fromMs < SPAN_MS_MIN) return { kind: 'nothing' }
    const order = {
      kind: 'read',
      reading: encodeStruct('LeaseReceipt', span.reading),
      terms: encodeStruct('Terms', span.terms),
    } as const
    const answer = await ask(command, order)
    if ('kind' in answer) return answer
    const { outcome, signature, signedToMs } = answer
    // It signed for some of this before, at a gateway that did not live to say so.
    if (outcome === 'refused' && signedToMs !== null && signedToMs > span.reading.fromMs && fromMs === 0) {
      return await readOnce(command, asked, signedToMs)
    }
    if (outcome !== 'done' || signature === null) return refusalOf(answer)
    const { receipt, durable } = lane.signLease(command, span, signature as Hex)
    const { reservedMicroUsd, billedMicroUsd } = span
    const paid = { leaseId: command.leaseId, priceMicroUsd: receipt.price, reservedMicroUsd, billedMicroUsd }
    const counted = budget.paidFromLease(receipt.channelId, paid).catch((error: unknown) => {
      logger.debug(
        { err: error, leaseId: command.leaseId },
        'the price of a lease receipt stays held until the next one',
      )
    })
    await Promise.all([durable, counted])
    return { kind: 'read', lane: lane.id, seq: receipt.seq, toMs: receipt.toMs }
  }

  return {
    async provision(command) {
      const { model, gpus } = command
      const answer = await ask(command, { kind: 'provision', model, gpus })
      if ('kind' in answer) return answer
      return answer.outcome === 'done'
        ? { kind: 'serving', servingSinceMs: Math.floor(clock.nowMs()) }
        : refusalOf(answer)
    },
    async read(command, asked) {
      const { leaseId } = command
      let under = reading.get(leaseId)
      if (!under) {
        under = readOnce(command, asked)
          .catch(spentOf)
          .finally(() => reading.delete(leaseId))
        reading.set(leaseId, under)
      }
      return await under
    },
    async stop(command) {
      const answer = await ask(command, { kind: 'stop' })
      if ('kind' in answer) return answer
      return answer.outcome === 'refused' ? refusalOf(answer) : { kind: 'stopped' }
    },
  }
}

/** Nothing more can be billed of what is held. */
function spentOf(error: unknown): LeaseReply {
  if (isAppError(error) && error.code === 'insufficient_balance') return { kind: 'spent', reason: error.publicMessage }
  throw error
}

function refusalOf({ outcome, reason }: LeaseOrderAnswer): LeaseReply {
  return outcome === 'unknown'
    ? { kind: 'unknown', reason: reason ?? 'The node runs no engine for this lease.' }
    : { kind: 'refused', reason: reason ?? 'The node refused.' }
}
