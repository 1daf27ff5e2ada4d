/** Ends the freeze of an invalid record that nobody replaced in time. Anyone may. */
import { encodeFunctionData, type TransactionReceipt } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainWriter } from '../chain-client.ts'
import { recordArgs, type RecordKey } from '../reads/record-key.ts'

export async function releaseInvalid({ sender, deployment }: ChainWriter, key: RecordKey): Promise<TransactionReceipt> {
  const data = encodeFunctionData({ abi: slaLedgerAbi, functionName: 'releaseInvalid', args: recordArgs(key) })
  return sender.send({ to: deployment.addresses.ledger, data })
}
