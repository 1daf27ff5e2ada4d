/**
 * Draws the panel of a challenged record. Anyone may. The draw looks at a block that nobody could know before: a first call
 * only arms it, and a later one draws.
 */
import { encodeFunctionData } from 'viem'

import { recordPanelsAbi } from '../abi/record-panels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { recordArgs, type RecordKey } from '../reads/record-key.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: a panel that stands, and a challenge that is over, count as done. */
export async function drawRecordPanel(writer: ChainWriter, record: RecordKey): Promise<WriteOutcome> {
  const data = encodeFunctionData({ abi: recordPanelsAbi, functionName: 'draw', args: recordArgs(record) })
  const sent = writer.sender.send({ to: writer.deployment.addresses.panels, data })
  return doneWhen(['RecordPanelStands', 'RecordNotChallenged', 'RulingOver'], sent)
}
