/**
 * A verdict that signatures alone prove: who lost by it, and what the sender was paid. Shared by the actions that prove
 * one; the offender is slashed at once, and anyone may send it.
 */
import { parseEventLogs, type Hex } from 'viem'

import { contradictionsAbi } from '../abi/contradictions.ts'
import type { ChainWriter } from '../chain-client.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** µUSD: what the offender lost, and what of it the sender was paid. */
export interface ProvenContradiction {
  offender: Hex
  slashed: bigint
  reward: bigint
}

/** Safe to retry: a contradiction that was proven before is an outcome without a receipt, `proven` null. */
export type ContradictionOutcome = WriteOutcome & { proven: ProvenContradiction | null }

/** Sends an encoded call to `Contradictions`. */
export async function sendContradiction({ sender, deployment }: ChainWriter, data: Hex): Promise<ContradictionOutcome> {
  const { receipt } = await doneWhen(
    'ContradictionTaken',
    sender.send({ to: deployment.addresses.contradictions, data }),
  )
  const logs = parseEventLogs({ abi: contradictionsAbi, logs: receipt?.logs ?? [], eventName: 'ContradictionProven' })
  const log = logs[0]
  if (log === undefined) return { receipt, proven: null }
  const { offender, slashed, reward } = log.args
  return { receipt, proven: { offender, slashed, reward } }
}
