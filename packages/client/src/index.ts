/** What customers install: requests that the gateway relays and cannot read. */
export { sealedFetch, type SealedFetchOptions } from './sealed-fetch.ts'
export { registeredNode, type Registry } from './registered-node.ts'
export type { Candidate, CandidateRules } from './candidates.ts'
export { SealedError, type SealedErrorCode } from './sealed-error.ts'
