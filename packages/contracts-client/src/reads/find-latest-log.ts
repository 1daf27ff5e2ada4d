/** Looks back through the chain for the latest event of a kind: for what contracts say once and do not keep. */
import type { AbiEvent, AbiEventParametersToPrimitiveTypes, Address, Hex } from 'viem'

import type { ChainReader } from '../chain-client.ts'
import { scanBack } from './scan-back.ts'

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

/** Null when there is none since the deployment, or within the reach of `scanLimits`: only for what is sought soon. */
export async function findLatestLog<const E extends AbiEvent>(
  reader: ChainReader,
  { address, event, args, matches = () => true }: FindLatestLogInput<E>,
): Promise<FoundLog<E> | null> {
  let found = null as FoundLog<E> | null
  await scanBack(reader, async (range) => {
    const logs = await reader.publicClient.getLogs({ address, event, args: args as never, ...range, strict: true })
    found = (logs as unknown as FoundLog<E>[]).findLast((log) => matches(log.args)) ?? null
    return found !== null
  })
  return found
}
