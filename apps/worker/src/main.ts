/** The worker process: stores what gateways journalled, runs queued jobs, and takes epochs to settlement. */
import { createLogger, createShutdown, loadEnv, runMain, workerEnv } from '@isochrone/runtime'
import { startWorker } from './start-worker.ts'

runMain('worker', async () => {
  const env = loadEnv(workerEnv)
  const logger = createLogger('worker', env.LOG_LEVEL)
  const shutdown = createShutdown({ logger })
  await startWorker({ env, logger, shutdown })
})
