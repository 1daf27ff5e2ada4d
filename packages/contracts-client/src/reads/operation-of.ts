/** How an action of the administrator stands in the timelock. */
import { encodeAbiParameters, keccak256, zeroHash, type Address, type Hex } from 'viem'

import { timelockControllerAbi } from '../abi/timelock-controller.ts'
import type { ChainReader } from '../chain-client.ts'

export interface OperationState {
  status: 'unset' | 'scheduled' | 'done'
  /** Chain time in seconds from which it can be executed; null unless it is scheduled. */
  readyAtS: number | null
}

/** OpenZeppelin's `hashOperation` of a call without value and predecessor. */
export function operationIdOf({ target, data, salt }: { target: Address; data: Hex; salt: Hex }): Hex {
  const types = [{ type: 'address' }, { type: 'uint256' }, { type: 'bytes' }, { type: 'bytes32' }, { type: 'bytes32' }]
  return keccak256(encodeAbiParameters(types, [target, 0n, data, zeroHash, salt]))
}

export async function operationStateOf({ publicClient, deployment }: ChainReader, id: Hex): Promise<OperationState> {
  const timestamp = await publicClient.readContract({
    address: deployment.addresses.timelock,
    abi: timelockControllerAbi,
    functionName: 'getTimestamp',
    args: [id],
  })
  if (timestamp === 0n) return { status: 'unset', readyAtS: null }
  return timestamp === 1n ? { status: 'done', readyAtS: null } : { status: 'scheduled', readyAtS: Number(timestamp) }
}
