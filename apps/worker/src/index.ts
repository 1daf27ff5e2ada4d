/** The worker as a library, for tests and tools that run it in their own process. */
export { createChain, type CreateChainOptions } from './chain/create-chain.ts'
export { startWorker, type StartWorkerOptions } from './start-worker.ts'
