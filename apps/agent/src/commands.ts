/** What each command of the agent does: reads environment and configuration, starts things, stops them in order. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  agentEnv,
  createLogger,
  createMetrics,
  createShutdown,
  loadEnv,
  startOps,
  startTracing,
  type AgentEnv,
} from '@isochrone/runtime'
import { startAgent } from './agent.ts'
import { engineConfigOf, type Commands, type JoinFlags, type KeyFlags, type RunFlags, type ServeFlags } from './cli.ts'
import { startEngine } from './engines/start-engine.ts'
import { joinMarket, readJoinedConfig } from './join-market.ts'
import { readInventory } from './node/inventory.ts'
import { loadNodeKey } from './node/node-key.ts'

export const commands: Commands = { run, join: joinCommand, serveEngine, key }

async function run(flags: RunFlags): Promise<void> {
  const env = loadEnv(agentEnv)
  const dataDir = dataDirOf(flags, env)
  const joined = await readJoinedConfig(dataDir)
  const gatewayUrls = flags.gateway.length > 0 ? flags.gateway : (env.GATEWAY_URLS ?? joined?.gatewayUrls ?? [])
  if (gatewayUrls.length === 0) throw new Error('no gateway: give --gateway, set GATEWAY_URLS, or use join first')
  const logger = createLogger('agent', env.LOG_LEVEL)
  const shutdown = createShutdown({ logger })
  const tracing = await startTracing('agent', env, logger)
  shutdown.onShutdown('traces', () => tracing?.stop())
  const agent = await startAgent({
    dataDir,
    nodeKeyFile: flags.nodeKeyFile,
    modelsDir: flags.modelsDir,
    gatewayUrls,
    findGateways: flags.onlyGivenGateways !== true,
    engine: engineConfigOf(flags),
    concurrencyMax: flags.capacity,
    hardwareLabel: flags.hardware,
    simulatedNetwork:
      flags.simulatedRttMs === undefined
        ? undefined
        : { rttMs: flags.simulatedRttMs, jitterMs: flags.simulatedJitterMs, seed: flags.simulatedSeed },
    apiUrl: joined?.apiUrl,
    witnessUrls: witnessesOf(flags, env, joined?.witnessUrls ?? []),
    simulatedPlace: flags.simulatedPlace,
    matmulHelper: flags.matmulHelper ?? env.MATMUL_HELPER,
    epochLimits: {
      ...(flags.epochFiles !== undefined && { filesMax: flags.epochFiles }),
      ...(flags.epochGib !== undefined && { bytesMax: Math.round(flags.epochGib * 2 ** 30) }),
    },
    serveEpochsAt: flags.serveEpochs,
    logger,
    tracing,
  })
  if (env.OPS_PORT !== undefined) {
    const notReady = () => (agent.links.some(({ ready }) => ready) ? null : 'no gateway is linked')
    const ops = await startOps({ host: env.OPS_HOST, port: env.OPS_PORT, notReady, metrics: createMetrics('agent') })
    shutdown.onShutdown('ops', () => ops.stop())
  }
  shutdown.onShutdown('agent', () => agent.close(flags.graceMs), flags.graceMs + 5_000)
}

async function joinCommand(flags: JoinFlags): Promise<void> {
  const dataDir = dataDirOf(flags, loadEnv(agentEnv))
  const inventory = await readInventory(flags.hardware)
  const { nodeKeyFile, token } = flags
  const rental = {
    ...(flags.gpus !== undefined && { gpus: flags.gpus }),
    ...(flags.gpuHourPrice !== undefined && { gpuHourMicroUsd: flags.gpuHourPrice.toString() }),
  }
  const config = await joinMarket({ apiUrl: flags.api, token, dataDir, nodeKeyFile, inventory, rental })
  print(`This node is ${config.nodeName} (key ${config.nodeKey}). Start it with: agent run --data-dir ${dataDir}`)
}

async function serveEngine(flags: ServeFlags): Promise<void> {
  const env = loadEnv(agentEnv)
  const logger = createLogger('engine', env.LOG_LEVEL)
  if (flags.engine === 'openai') throw new Error('serve-engine runs the built-in engines: llama or simulated')
  const shutdown = createShutdown({ logger })
  const modelsDir = flags.modelsDir ?? join(env.DATA_DIR ?? '.', 'models')
  const engine = await startEngine(engineConfigOf(flags), flags.capacity, modelsDir, flags.port)
  shutdown.onShutdown('engine', () => engine.close())
  print(JSON.stringify({ url: engine.url, models: engine.models }))
}

async function key(flags: KeyFlags): Promise<void> {
  const dataDir = flags.nodeKeyFile ? undefined : dataDirOf(flags, loadEnv(agentEnv))
  if (dataDir) await mkdir(dataDir, { recursive: true, mode: 0o700 })
  print((await loadNodeKey(flags.nodeKeyFile ?? join(dataDir ?? '.', 'node.key'))).address)
}

/** What was given, else what the market said when the node joined; more may come with the market's answers. */
function witnessesOf(flags: RunFlags, env: AgentEnv, joined: readonly string[]): readonly string[] {
  if (flags.witness.length > 0) return flags.witness
  return env.WITNESS_URLS.length > 0 ? env.WITNESS_URLS : joined
}

function dataDirOf(flags: { readonly dataDir?: string }, env: AgentEnv): string {
  const dataDir = flags.dataDir ?? env.DATA_DIR
  if (!dataDir) throw new Error('no data directory: give --data-dir or set DATA_DIR')
  return dataDir
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
