/** The gateway process: `node apps/gateway/src/main.ts`, configured by its environment (see `gatewayEnv`). */
import { createLogger, createShutdown, gatewayEnv, loadEnv, runMain } from '@isochrone/runtime'
import { startGateway } from './start-gateway.ts'

runMain('gateway', async () => {
  const env = loadEnv(gatewayEnv)
  const logger = createLogger('gateway', env.LOG_LEVEL)
  await startGateway({ env, logger, shutdown: createShutdown({ logger }) })
})
