/** The challenge of a performance record. */
import { zeroAddress, type Address, type Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainReader } from '../chain-client.ts'
import { recordArgs, type RecordKey } from './record-key.ts'

export interface RecordChallenge {
  challenger: Address
  /** µUSD. */
  bond: bigint
  /** Chain time in seconds. */
  rulingEndsAtS: number
  evidenceHash: Hex
}

/** Null when nobody challenged it. */
export async function challengeOf(
  { publicClient, deployment }: ChainReader,
  key: RecordKey,
): Promise<RecordChallenge | null> {
  const { rulingEndsAt, ...challenge } = await publicClient.readContract({
    address: deployment.addresses.ledger,
    abi: slaLedgerAbi,
    functionName: 'challengeOf',
    args: recordArgs(key),
  })
  if (challenge.challenger === zeroAddress) return null
  return { ...challenge, rulingEndsAtS: Number(rulingEndsAt) }
}
