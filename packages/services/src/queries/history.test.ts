/** A statement leaves nothing out and takes nothing twice, whatever page size it is read with. */
import { expect, test } from 'vitest'
import type { BeforeMovement, HistoryFilter } from '../ports/evidence-readings.ts'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import { channelHistory } from './history.ts'

const kinds = ['deposit', 'claim', 'ceiling', 'refund', 'credit', 'withdrawal_requested', 'withdrawal'] as const
const rows = Array.from({ length: 23 }, (_, i) => ({
  id: `m${i}`,
  kind: kinds[i % kinds.length] ?? 'deposit',
  microUsd: BigInt(i + 1),
  txHash: `0x${i}`,
  blockNumber: BigInt(100 - Math.floor(i / 3)),
  logIndex: 2 - (i % 3),
  atMs: 1_769_904_000_000n - BigInt(i) * 1_000n,
}))
const isAfter = (row: (typeof rows)[number], before: BeforeMovement | null) =>
  before === null ||
  row.blockNumber < before.blockNumber ||
  (row.blockNumber === before.blockNumber && row.logIndex < before.logIndex)

function storeOf(seen: HistoryFilter[] = []) {
  const history = async (filter: HistoryFilter) => {
    seen.push(filter)
    return rows.filter((row) => isAfter(row, filter.before)).slice(0, filter.limit)
  }
  const channelOfOrg = async (orgId: string) => (orgId === 'org_1' ? { id: '0xchannel' } : null)
  return { funding: { channelOfOrg }, evidence: { history } } as unknown as ControlPlaneStore
}

test.each([1, 2, 7, 22, 23, 50])('pages of %i together are the whole history, in order', async (limit) => {
  const read: string[] = []
  let cursor: string | undefined
  for (let page = 0; page <= rows.length; page++) {
    const { items, nextCursor } = await channelHistory({ store: storeOf() }, { orgId: 'org_1', limit, cursor })
    read.push(...items.map(({ id }) => id))
    if (nextCursor === null) break
    cursor = nextCursor
  }
  expect(read).toEqual(rows.map(({ id }) => id))
})

test('what came in is positive, what went out negative, and a ceiling moves nothing', async () => {
  const { items } = await channelHistory({ store: storeOf() }, { orgId: 'org_1', limit: 7 })
  expect(items.map(({ kind, changeMicroUsd }) => [kind, changeMicroUsd])).toEqual([
    ['deposit', 1n],
    ['claim', -2n],
    ['ceiling', 0n],
    ['refund', 4n],
    ['credit', 5n],
    ['withdrawal_requested', 0n],
    ['withdrawal', -7n],
  ])
})

test('days are UTC and both included; a day that is none is refused by name', async () => {
  const seen: HistoryFilter[] = []
  await channelHistory({ store: storeOf(seen) }, { orgId: 'org_1', fromDay: '2026-01-30', toDay: '2026-01-31' })
  expect(seen[0]).toMatchObject({ fromMs: Date.UTC(2026, 0, 30), toMs: Date.UTC(2026, 1, 1) })
  for (const day of ['2026-02-31', '2026-13-01', 'yesterday']) {
    await expect(channelHistory({ store: storeOf() }, { orgId: 'org_1', toDay: day })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'toDay',
    })
  }
})

test('an organisation without a channel has no history, and no error', async () => {
  expect(await channelHistory({ store: storeOf() }, { orgId: 'org_2' })).toEqual({ items: [], nextCursor: null })
})
