/** The SLA evaluator alone: no chain client comes with it, so that gateways and agents can use it. */
export { promisedTtftMs } from './attempts.ts'
export * from './attempts-under-way.ts'
export * from './broken-promises.ts'
export * from './compute-record-outcome.ts'
export * from './critical-count.ts'
export * from './evaluate-sla.ts'
export * from './step-table.ts'
