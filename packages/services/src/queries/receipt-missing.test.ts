/** Where a number has no delivery receipt, the sentence says whether it is a lease's or nobody's. */
import { expect, test } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { receiptDetail } from './receipts.ts'

test('the number of a lease receipt is not called unsigned', async () => {
  const ask = (lease: object | null) => {
    const evidence = { receipt: async () => null, leaseReceipt: async () => lease }
    const deps = { store: { evidence } } as unknown as ControlPlaneDeps
    return receiptDetail(deps, { lane: `0x${'1a'.repeat(32)}`, seq: 7, orgId: null })
  }
  const lease = { priceMicroUsd: 1_500_000n, fromMs: 0n, toMs: 60_000n, epoch: 4n }
  const said = (words: string) => ({ code: 'not_found', publicMessage: expect.stringContaining(words) })
  await expect(ask(lease)).rejects.toMatchObject(said('$1.50 for GPU time from 1970-01-01T00:00:00.000Z'))
  await expect(ask(lease)).rejects.toMatchObject(said('in the file of epoch 4'))
  await expect(ask({ ...lease, epoch: null })).rejects.toMatchObject(said('once that is closed'))
  await expect(ask(null)).rejects.toMatchObject(said('has signed no receipt of that number'))
})
