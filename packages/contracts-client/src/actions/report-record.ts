/** Puts a node's performance record of an epoch on the ledger. Anyone relays; the signatures are the authority. */
import type { PerformanceRecord, Signed } from '@isochrone/protocol'
import { encodeFunctionData, type Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { standingOf } from '../reads/standing-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface ReportRecordInput {
  /** By the lane. */
  record: Signed<PerformanceRecord>
  /** Null when the node did not sign: the challenge window is twice as long then. */
  nodeSignature: Hex | null
}

/**
 * Safe to retry: the same record on the ledger counts as done, another one does not. Reporting a record again with the
 * node's signature, which it lacked before, halves its window.
 */
export async function reportRecord(
  writer: ChainWriter,
  { record: { value: record, signature }, nodeSignature }: ReportRecordInput,
): Promise<WriteOutcome> {
  const args = [toAbiStruct('PerformanceRecord', record), nodeSignature ?? '0x', signature] as const
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'report', args })
  const isSame = async () => {
    const standing = await standingOf(writer, record)
    return (
      standing?.version === record.version &&
      standing.countsRoot === record.countsRoot.toLowerCase() &&
      standing.earned === record.earned
    )
  }
  return doneWhen('RecordExists', writer.sender.send({ to: writer.deployment.addresses.ledger, data }), isSame)
}
