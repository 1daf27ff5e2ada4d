/** Made epochs and a chain in memory, for tests and benchmarks of whoever publishes or checks epochs. */
export { madeTermsOf, makeEpoch, type MadeEpoch, type MakeEpochOptions } from './make-epoch.ts'
export * from './memory-chain.ts'
export { START_MS, testDelivery, testLease, testTerms, testTermsHash } from './receipts.ts'
