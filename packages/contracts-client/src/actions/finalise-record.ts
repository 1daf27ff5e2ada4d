/** Makes a performance record final once its window is over, which releases what the node earned. Anyone may. */
import { encodeFunctionData } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainWriter } from '../chain-client.ts'
import { recordArgs, type RecordKey } from '../reads/record-key.ts'
import { standingOf } from '../reads/standing-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/**
 * Safe to retry: a record that is final counts as done.
 *
 * @throws AppError `state_conflict` (`WindowOpen`, `RulingOpen`) while it may still be challenged or judged.
 */
export async function finaliseRecord(writer: ChainWriter, key: RecordKey): Promise<WriteOutcome> {
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'finalise', args: recordArgs(key) })
  const isFinal = async () => (await standingOf(writer, key))?.status === 'final'
  return doneWhen('WrongStatus', writer.sender.send({ to: writer.deployment.addresses.ledger, data }), isFinal)
}
