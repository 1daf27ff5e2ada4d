/** What anyone can check with public data alone: promises from receipts, and a published epoch against the chain. */
export * from './sla/index.ts'
