/** The witness process: a small measuring point that agents dial and a platform asks. */
import { createLogger, createShutdown, loadEnv, runMain, witnessEnv } from '@isochrone/runtime'
import { startWitness } from './start-witness.ts'

runMain('witness', async () => {
  const env = loadEnv(witnessEnv)
  const logger = createLogger('witness', env.LOG_LEVEL)
  const shutdown = createShutdown({ logger })
  const witness = await startWitness({
    host: env.WITNESS_HOST,
    port: env.WITNESS_PORT,
    key: env.WITNESS_KEY,
    token: env.WITNESS_TOKEN,
    name: env.WITNESS_NAME,
    place: { latitude: env.WITNESS_LATITUDE, longitude: env.WITNESS_LONGITUDE },
    simulated: env.WITNESS_SIMULATED,
    logger,
  })
  shutdown.onShutdown('witness', () => witness.close())
})
