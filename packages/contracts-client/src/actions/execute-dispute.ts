/**
 * Carries out a ruling that can no longer be appealed, or closes a dispute on which nobody ruled in time. Where one of a
 * panel was silent, the first call after its time puts the ruling on record; it takes another once nobody can appeal. Anyone may.
 */
import { encodeFunctionData, parseEventLogs } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { disputeOf } from '../reads/dispute-of.ts'
import { closedDisputeStates } from '../states.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Where a refund was drawn from, µUSD. */
export interface RefundSources {
  fromPending: bigint
  fromProvider: bigint
  fromLane: bigint
  fromTreasury: bigint
}

/** Safe to retry: a closed dispute counts as done. `refund` is null when this call refunded nothing. */
export async function executeDispute(
  writer: ChainWriter,
  disputeId: bigint,
): Promise<WriteOutcome & { refund: RefundSources | null }> {
  const to = writer.deployment.addresses.disputes
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'execute', args: [disputeId] })
  const isClosed = async () => closedDisputeStates.includes((await disputeOf(writer, disputeId))?.state ?? 'none')
  const { receipt } = await doneWhen('WrongState', writer.sender.send({ to, data }), isClosed)
  const [log] = parseEventLogs({ abi: disputeManagerAbi, logs: receipt?.logs ?? [], eventName: 'RefundDrawn' })
  if (log === undefined) return { receipt, refund: null }
  const { fromPending, fromProvider, fromLane, fromTreasury } = log.args
  return { receipt, refund: { fromPending, fromProvider, fromLane, fromTreasury } }
}
