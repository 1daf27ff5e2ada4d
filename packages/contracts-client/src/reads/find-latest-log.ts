/** Looks back through the chain for the latest event of a kind: for what contracts say once and do not keep. */
import type { AbiEvent, AbiEventParametersToPrimitiveTypes, Address, Hex } from 'viem'

import type { ChainReader } from '../chain-client.ts'

type EventArgs<E extends AbiEvent> = AbiEventParametersToPrimitiveTypes<
  E['inputs'],
  { EnableUnion: false; IndexedOnly: false; Required: true }
>

export interface FoundLog<E extends AbiEvent> {
  args: EventArgs<E>
  blockNumber: bigint
  transactionHash: Hex
}

export interface FindLatestLogInput<E extends AbiEvent> {
  address: Address
  event: E
  /** Values of indexed parameters. */
  args: Record<string, unknown>
  /** What else must hold of the event's values. */
  matches?: (args: EventArgs<E>) => boolean
}

/** Blocks asked for at a time (nodes refuse larger ranges), and how often: two million blocks back at most. */
const RANGE = 2_000n
const RANGES_MAX = 1_000

/** Null when there is none since the deployment. */
export async function findLatestLog<const E extends AbiEvent>(
  { publicClient, deployment }: ChainReader,
  { address, event, args, matches = () => true }: FindLatestLogInput<E>,
): Promise<FoundLog<E> | null> {
  const first = BigInt(deployment.blockNumber)
  let toBlock = await publicClient.getBlockNumber()
  for (let i = 0; i < RANGES_MAX && toBlock >= first; i++) {
    const from = toBlock - RANGE + 1n
    const fromBlock = from > first ? from : first
    const logs = await publicClient.getLogs({ address, event, args: args as never, fromBlock, toBlock, strict: true })
    const found = (logs as unknown as FoundLog<E>[]).findLast((log) => matches(log.args))
    if (found !== undefined) return found
    toBlock = fromBlock - 1n
  }
  return null
}
