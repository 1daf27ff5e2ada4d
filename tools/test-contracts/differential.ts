/** The tests that hold the encoders of TypeScript against those of Solidity, on a chain of their own. */
export const DIFFERENTIAL_TESTS: readonly string[] = [
  'packages/contracts-client/src/receipt-hashes.integration.test.ts',
]
