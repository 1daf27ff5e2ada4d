/** A dispute as it stands. */
import type { DisputeKind } from '@isochrone/domain'
import { zeroAddress, type Address, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainReader } from '../chain-client.ts'
import { revertNamed } from '../explain-chain-error.ts'
import { disputeKinds, disputeStates, type DisputeState } from '../states.ts'

/** Amounts in µUSD. */
export interface Dispute {
  state: DisputeState
  kind: DisputeKind
  filer: Address
  /** Of the step that is open, in chain seconds. */
  deadlineS: number
  /** Asked back. */
  amount: bigint
  /** As ruled. */
  refund: bigint
  bond: bigint
  /** Of the provider's pending, held for this dispute. */
  frozen: bigint
  /** Of the provider's stake, held for this dispute. */
  locked: bigint
  /** Struct hash of the receipt, or keccak(lane, epoch) for withheld data. */
  subject: Hex
  channelId: Hex
  providerId: Hex
  lane: Hex
  epoch: number
  appellant: Address | null
  /** Of the receipt. */
  price: bigint
  appealBond: bigint
  /** As ruled on appeal. */
  appealRefund: bigint
  /** Whose hash draws the panel; null while none is to be drawn. */
  drawBlock: bigint | null
}

/** Null when there is no such dispute: never filed, or its filing was taken away by a reorganisation. */
export async function disputeOf({ publicClient, deployment }: ChainReader, disputeId: bigint): Promise<Dispute | null> {
  const address = deployment.addresses.disputes
  const found = await publicClient
    .readContract({ address, abi: disputeManagerAbi, functionName: 'disputeOf', args: [disputeId] })
    .catch((error: unknown) => {
      if (revertNamed(error) === 'UnknownDispute') return null
      throw error
    })
  if (found === null) return null
  const { state, kind, deadline, epoch, appellant, drawBlock, ...dispute } = found
  const [stateName, kindName] = [disputeStates[state], disputeKinds[kind]]
  if (stateName === undefined || kindName === undefined) {
    throw new RangeError(`No dispute state or kind has the number ${state} or ${kind}`)
  }
  if (stateName === 'none') return null
  return {
    ...dispute,
    state: stateName,
    kind: kindName,
    deadlineS: Number(deadline),
    epoch: Number(epoch),
    appellant: appellant === zeroAddress ? null : appellant,
    drawBlock: drawBlock === 0n ? null : drawBlock,
  }
}
