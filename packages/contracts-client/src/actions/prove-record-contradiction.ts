/**
 * The automatic verdict on a false record: another one that the same lane signed for the same (node, epoch, version).
 * Makes the reported one invalid, slashes the lane, and pays the sender a share.
 */
import type { PerformanceRecord, Signed } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { standingOf } from '../reads/standing-of.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: a record of this version that is invalid already counts as done. `value` is the other record. */
export async function proveRecordContradiction(
  writer: ChainWriter,
  { value, signature }: Signed<PerformanceRecord>,
): Promise<WriteOutcome> {
  const args = [toAbiStruct('PerformanceRecord', value), signature] as const
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'proveContradiction', args })
  const isInvalid = async () => {
    const standing = await standingOf(writer, value)
    return standing?.status === 'invalid' && standing.version === value.version
  }
  return doneWhen('WrongStatus', writer.sender.send({ to: writer.deployment.addresses.ledger, data }), isInvalid)
}
