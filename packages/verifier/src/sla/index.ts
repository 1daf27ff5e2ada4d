/** The SLA evaluator alone: no chain client comes with it, so that gateways and agents can use it. */
export * from './attempts-under-way.ts'
export * from './broken-promises.ts'
export * from './critical-count.ts'
export * from './evaluate-sla.ts'
export * from './step-table.ts'
