/** How a performance record stands on the ledger. */
import type { Hex } from 'viem'

import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainReader } from '../chain-client.ts'
import { recordStatuses, type RecordStatus } from '../states.ts'
import { recordArgs, type RecordKey } from './record-key.ts'

export interface Standing {
  status: RecordStatus
  version: number
  /** False: the lane alone signed, and the window is twice as long. */
  nodeSigned: boolean
  /** Chain time in seconds from which it can be finalised. */
  finalAtS: number
  /** µUSD that it releases. */
  earned: bigint
  providerId: Hex
  countsRoot: Hex
  recordHash: Hex
}

/** Null when nobody reported one. */
export async function standingOf({ publicClient, deployment }: ChainReader, key: RecordKey): Promise<Standing | null> {
  const { status, finalAt, ...standing } = await publicClient.readContract({
    address: deployment.addresses.ledger,
    abi: slaLedgerAbi,
    functionName: 'standingOf',
    args: recordArgs(key),
  })
  const name = recordStatuses[status]
  if (name === undefined) throw new RangeError(`No record status has the number ${status}`)
  return name === 'none' ? null : { ...standing, status: name, finalAtS: Number(finalAt) }
}
