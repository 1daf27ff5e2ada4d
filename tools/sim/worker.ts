/**
 * A worker thread of `npm run sim`: prepares the world of a seed, runs one policy (or the bound) in it, and answers.
 *
 * It keeps the world of the last seed, since tasks come ordered by seed.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@isochrone/domain'
import {
  allFaults,
  boundOf,
  demoMarketData,
  engineBoundOf,
  loadMarket,
  namedPolicies,
  prepareMarketRun,
  readMarketData,
  readMarketWorkload,
  runPolicy,
  type MarketRun,
} from '@isochrone/simulator'
import { describeStartError } from '../start/start-error.ts'
import type { SimAnswer, SimConfig, SimTask } from './sim-task.ts'

const port = parentPort
invariant(port, 'this file runs as a worker thread')
const config = workerData as SimConfig
let last: MarketRun | undefined
let inputs: ReturnType<typeof readInputs> | undefined

port.on('message', (task: SimTask) => {
  answer(task)
    .catch((error: unknown): SimAnswer => ({ kind: 'error', message: describeStartError(error) }))
    .then((reply) => port.postMessage(reply))
    .catch((error: unknown) => {
      throw error
    })
})

async function answer(task: SimTask): Promise<SimAnswer> {
  const startedMs = performance.now()
  const run = worldOf(task.seed)
  const wallS = () => (performance.now() - startedMs) / 1000
  if (task.policy === null) {
    const bound = await boundOf(run)
    const engine = await engineBoundOf(run, bound)
    return { kind: 'bound', task, bound, engine, requests: run.requests.length, wallS: wallS() }
  }
  const policy = namedPolicies.find(({ name }) => name === task.policy)
  invariant(policy, 'the main thread asks for known policies only')
  return { kind: 'figures', task, figures: runPolicy(run, policy), wallS: wallS() }
}

function worldOf(seed: number): MarketRun {
  if (last?.seed === seed) return last
  inputs ??= readInputs()
  last = prepareMarketRun({
    ...inputs,
    seed,
    util: config.util,
    horizonMs: config.horizonMs ?? undefined,
    faults: { ...allFaults, churn: config.churn },
  })
  return last
}

function readInputs() {
  const { dataFolder, traceFile, model, tenants, marketFile } = config
  const data = dataFolder === null ? demoMarketData() : readMarketData(dataFolder)
  const workload = readMarketWorkload(traceFile, model, tenants)
  return { market: loadMarket(marketFile ?? undefined), data, workload }
}
