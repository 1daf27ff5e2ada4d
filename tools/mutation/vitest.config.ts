import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { QuickestFirst } from './quickest-first.ts'

/** The tests that guard money, receipts, trees and promises, and no others: a mutant must be killed by one of them. */
export default defineConfig({
  // As the web app's own imports say it.
  resolve: { alias: { '~/': fileURLToPath(new URL('../../apps/web/src/', import.meta.url)) } },
  test: {
    include: [
      'apps/gateway/src/budget/{budget,budget-accounts}.test.ts',
      'apps/gateway/src/lane/{bill-attempt,check-work,create-lane,draft-delivery,lane-state}.test.ts',
      'apps/gateway/src/lane/{job-memory,key-spend,record-keeper,record-recount,sign-lease,write-epoch}.test.ts',
      'apps/web/src/lib/{statement,verify-anchor,verify-lease-receipt,verify-receipt}.test.ts',
      'packages/domain/src/{budget-period,money,price}.test.ts',
      'packages/protocol/src/receipts/*.test.ts',
      'packages/services/src/chain/stored-amounts.test.ts',
      'packages/services/src/disputes/{compute-file-outcome,compute-lease-outcome,compute-outcome}.test.ts',
      'packages/services/src/epochs/{claim-vouchers,epoch-leaves,lane-rooms,pay-out}.test.ts',
      'packages/services/src/leases/lease-price.test.ts',
      'packages/services/src/payouts/account-standing.test.ts',
      'packages/services/src/queries/{check-receipt,claim-standing,epoch-tree}.test.ts',
      'packages/verifier/src/evidence/find-contradictions.test.ts',
      'packages/verifier/src/sla/*.test.ts',
      'packages/verifier/src/verify-epoch/{check-vouchers,duplicates,earlier-vouchers,sequence}.test.ts',
      'packages/verifier/src/verify-epoch/lines/{correction-lines,dues,receipt-lines}.test.ts',
    ],
    testTimeout: 20_000,
    pool: 'threads',
    sequence: { sequencer: QuickestFirst },
  },
})
