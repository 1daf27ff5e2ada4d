import { defineConfig } from 'vitest/config'
import { QuickestFirst } from './quickest-first.ts'

/** The tests that guard money, receipts, trees and promises, and no others: a mutant must be killed by one of them. */
export default defineConfig({
  test: {
    include: [
      'apps/gateway/src/budget/{budget,budget-accounts}.test.ts',
      'apps/gateway/src/lane/{bill-attempt,check-work,create-lane,draft-delivery,lane-state}.test.ts',
      'apps/gateway/src/lane/{job-memory,record-keeper,record-recount,sign-lease,write-epoch}.test.ts',
      'packages/domain/src/{money,price}.test.ts',
      'packages/protocol/src/receipts/*.test.ts',
      'packages/services/src/chain/stored-amounts.test.ts',
      'packages/services/src/disputes/{compute-lease-outcome,compute-outcome}.test.ts',
      'packages/services/src/epochs/{claim-vouchers,epoch-leaves,lane-rooms,pay-out}.test.ts',
      'packages/services/src/leases/lease-price.test.ts',
      'packages/services/src/payouts/account-standing.test.ts',
      'packages/services/src/queries/claim-standing.test.ts',
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
