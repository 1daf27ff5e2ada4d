/** The placement engine: pure, seeded, no I/O. */
export * from './offer.ts'
export * from './placement.ts'
