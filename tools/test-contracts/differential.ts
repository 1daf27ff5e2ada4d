/** The tests that hold hashes, prices and proofs of TypeScript against those of Solidity, on a chain of their own. */
export const DIFFERENTIAL_TESTS: readonly string[] = [
  'packages/contracts-client/src/receipt-hashes.integration.test.ts',
  'packages/contracts-client/src/receipt-prices.integration.test.ts',
  'packages/contracts-client/src/receipt-proofs.integration.test.ts',
]
