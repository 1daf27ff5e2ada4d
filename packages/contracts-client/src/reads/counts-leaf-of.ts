/**
 * Which counts a transaction added to their pool, as the leaf of their record's `countsRoot`. The event of the test that
 * followed names the pool alone, and a pool takes counts of many epochs.
 */
import { receiptLeaf, type SlaCounts } from '@isochrone/protocol'
import { decodeFunctionData, isAddressEqual, type Hex } from 'viem'
import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainReader } from '../chain-client.ts'

/** Null where the ledger was called by another contract, so that the transaction's own bytes do not say it. */
export async function countsLeafOf({ publicClient, deployment }: ChainReader, hash: Hex): Promise<Hex | null> {
  const { to, input } = await publicClient.getTransaction({ hash })
  if (to === null || !isAddressEqual(to, deployment.addresses.ledger)) return null
  const { functionName, args } = decodeFunctionData({ abi: slaLedgerAbi, data: input })
  if (functionName !== 'countSamples') return null
  const [counts] = args
  // Nothing of ours has an epoch beyond a safe integer; anybody's lane may sign one.
  if (counts.epoch > BigInt(Number.MAX_SAFE_INTEGER)) return null
  const own: SlaCounts = { ...counts, epoch: Number(counts.epoch) }
  return receiptLeaf('SlaCounts', own)
}
