/** The placement engine: pure, seeded, no I/O. */
export * from './offer.ts'
export * from './placement.ts'
export * from './prefix/prefix-index.ts'
export * from './prefix/prefix-hashes.ts'
