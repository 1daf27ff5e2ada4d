/** Made epochs and a chain in memory, for tests and benchmarks of whoever publishes or checks epochs. */
export { madeTermsOf, makeEpoch, type MadeEpoch, type MakeEpochOptions } from './make-epoch.ts'
export * from './memory-chain.ts'
