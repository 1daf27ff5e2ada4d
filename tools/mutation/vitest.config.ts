import { defineConfig } from 'vitest/config'

/** The tests that guard money, receipts, trees and promises, and no others: a mutant must be killed by one of them. */
export default defineConfig({
  test: {
    include: [
      'apps/gateway/src/lane/{bill-attempt,create-lane,lane-state,job-memory,record-keeper,record-recount}.test.ts',
      'packages/domain/src/{money,price}.test.ts',
      'packages/protocol/src/receipts/*.test.ts',
      'packages/verifier/src/sla/*.test.ts',
      'packages/verifier/src/verify-epoch/{sequence,duplicates}.test.ts',
    ],
    testTimeout: 20_000,
    pool: 'threads',
  },
})
