import type { ChainWriter } from '@isochrone/contracts-client'
import { bytes32Of } from '@isochrone/protocol'
import type { ChainReads } from '@isochrone/services'
import type { AbiEvent } from 'viem'
import { expect, test } from 'vitest'
import { trustChain } from './trust-chain.ts'

/** Whoever follows records learns of every change of the time until which they can be challenged. */
test('the end of a window is told when a record is reported, and again when its node signs', async () => {
  const [nodeId, lane] = [bytes32Of('node'), bytes32Of('lane')]
  const record = { nodeId, lane, epoch: 7n, version: 1 }
  const logs = [
    { eventName: 'RecordReported', args: { ...record, finalAt: 2_000n } },
    { eventName: 'NodeSignatureAdded', args: { ...record, finalAt: 1_500n } },
  ]
  const getLogs = async ({ events }: { events: readonly AbiEvent[] }) =>
    logs.filter(({ eventName }) => events.some(({ name }) => name === eventName))
  const writer = { publicClient: { getLogs }, deployment: { addresses: {} } } as unknown as ChainWriter
  const name = { nodeId, lane, epoch: 7 }
  expect(await trustChain(writer, {} as ChainReads).trustEvents(1n, 9n)).toEqual([
    { kind: 'reported', record: name, version: 1, finalAtS: 2_000 },
    { kind: 'reported', record: name, version: 1, finalAtS: 1_500 },
  ])
})
