import { expect, test } from 'vitest'
import type { ChainEvent } from '../ports/chain-port.ts'
import { movementOf } from './store-events.ts'
import { isStorable, storedMicroUsd } from './stored-amounts.ts'

const place = { txHash: '0x01', logIndex: 0, blockNumber: 1n, blockHash: '0x02', atMs: 0n }
const BIGINT_MAX = 2n ** 63n - 1n

/** The platform's sight: no event that anybody can cause is refused by a column. */
test('amounts above what a column holds become the largest that it holds', () => {
  for (const [given, stored] of [
    [0n, 0n],
    [BIGINT_MAX, BIGINT_MAX],
    [BIGINT_MAX + 1n, BIGINT_MAX],
    [2n ** 128n - 1n, BIGINT_MAX],
  ] as const) {
    expect(storedMicroUsd(given)).toBe(stored)
    const event: ChainEvent = { ...place, kind: 'ceiling', channelId: '0x03', microUsd: given }
    expect(movementOf(event)?.microUsd).toBe(stored)
  }
})

test('an event that names a row which no table can hold is told apart', () => {
  const record = { ...place, kind: 'record', step: 'reported', nodeId: '0x', lane: '0x', epoch: 1n } as const
  expect(isStorable({ ...place, kind: 'anchored', lane: '0x', epoch: BIGINT_MAX })).toBe(true)
  expect(isStorable({ ...place, kind: 'anchored', lane: '0x', epoch: BIGINT_MAX + 1n })).toBe(false)
  expect(isStorable({ ...record, version: 2 ** 31 - 1 })).toBe(true)
  expect(isStorable({ ...record, version: 2 ** 31 })).toBe(false)
  expect(isStorable({ ...place, kind: 'channel_opened', channelId: '0x' })).toBe(true)
})
