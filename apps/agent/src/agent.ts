/**
 * The agent of one node, put together: key, engine, receipts, and a link to each gateway.
 *
 * It opens no port to the outside and needs none, unless it is told to give out its copies of epoch files. Stopping it drains: nothing new starts, running streams get a grace
 * period, the rest is aborted and signed for.
 */
import { join } from 'node:path'
import { systemClock } from '@isochrone/domain'
import type { GeoPlace, Hex, ServedModel } from '@isochrone/protocol'
import { makeDirectory, type Logger, type Tracing } from '@isochrone/runtime'
import { EngineAnswers } from './engines/engine-answers.ts'
import { EngineHealth } from './engines/engine-health.ts'
import { startEngine, type EngineConfig } from './engines/start-engine.ts'
import { DEFAULT_EPOCH_LIMITS, type EpochStoreLimits } from './epochs/epoch-store.ts'
import { EpochWitness } from './epochs/epoch-witness.ts'
import { serveEpochs } from './epochs/serve-epochs.ts'
import { LeaseEngines } from './leases/lease-engines.ts'
import { leasedEngineConfig } from './leases/leased-engine-config.ts'
import { createGatewayDirectory } from './link/gateway-directory.ts'
import { LinkClient } from './link/link-client.ts'
import type { SimulatedNetwork } from './link/link-context.ts'
import { StreamCapacity } from './link/stream-capacity.ts'
import { lockDataDir } from './node/data-dir-lock.ts'
import { readInventory } from './node/inventory.ts'
import { loadNodeKey } from './node/node-key.ts'
import { ReceiptLog } from './receipts/receipt-log.ts'
import { SealingKeys } from './sealed/sealing-keys.ts'
import { createMatmulHelper } from './verification/matmul-helper.ts'
import { createMatmulSolver } from './verification/matmul-solver.ts'
import { reportToMarket } from './verification/report-to-market.ts'
import { WitnessClient } from './verification/witness-client.ts'

export type AgentOptions = {
  readonly dataDir: string
  /** Default: `node.key` in the data directory. */
  readonly nodeKeyFile?: string | undefined
  /** Default: `models` in the data directory. */
  readonly modelsDir?: string | undefined
  readonly gatewayUrls: readonly string[]
  /** Whether to link to the gateways that those name, too. Default: yes. */
  readonly findGateways?: boolean | undefined
  readonly engine: EngineConfig
  readonly concurrencyMax: number
  /** How often an engine that is no part of the agent is looked for. Default: as `EngineHealth` does. */
  readonly engineProbeMs?: number | undefined
  /** What the pages show as hardware instead of what was read from the machine. */
  readonly hardwareLabel?: string | undefined
  readonly simulatedNetwork?: SimulatedNetwork | undefined
  /** Whether gateways are told of a long prompt when it comes. Default: yes. */
  readonly tellsOfPrompts?: boolean | undefined
  /** The marketplace to report to, as `join` was told it. Default: none. */
  readonly apiUrl?: string | undefined
  /** Measuring points to dial beside those that the marketplace names. Default: none. */
  readonly witnessUrls?: readonly string[] | undefined
  /** Where the node pretends to stand towards witnesses; shown as "simulated network". */
  readonly simulatedPlace?: GeoPlace | undefined
  /** A program of the operator's own that answers int8 challenges. Default: the agent computes itself. */
  readonly matmulHelper?: string | undefined
  /** How many epoch files are kept, and how many bytes of them. */
  readonly epochLimits?: Partial<EpochStoreLimits> | undefined
  /** Where they are given out. Default: nowhere. */
  readonly serveEpochsAt?: { readonly host: string; readonly port: number } | undefined
  readonly logger: Logger
  /** Null or absent: this node traces nothing. */
  readonly tracing?: Tracing | null | undefined
}

export type RunningAgent = {
  readonly address: Hex
  readonly engineUrl: string
  readonly models: readonly ServedModel[]
  readonly links: readonly LinkClient[]
  readonly receipts: ReceiptLog
  /** Where copies of epoch files are given out; null where they are not. */
  readonly epochsUrl: string | null
  /** Drains for at most `graceMs`, then stops. */
  close(graceMs?: number): Promise<void>
}

const GRACE_MS = 3_000
const LOADING_LOG_MS = 2_000
const WITNESSES_MAX = 64

/** Starts the agent. Rejects when another one runs on the data directory or the engine does not start. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { dataDir, logger, concurrencyMax } = options
  await makeDirectory(dataDir, { mode: 0o700 })
  const lock = await lockDataDir(dataDir)
  try {
    const nodeKey = await loadNodeKey(options.nodeKeyFile ?? join(dataDir, 'node.key'))
    const receipts = await ReceiptLog.open(join(dataDir, 'receipts.jsonl'))
    const limits = { ...DEFAULT_EPOCH_LIMITS, ...options.epochLimits }
    const epochs = await EpochWitness.open({ dataDir, nodeKey, receipts, limits, logger })
    const served = options.serveEpochsAt
      ? await serveEpochs({ copies: epochs.copies, ...options.serveEpochsAt, logger })
      : null
    const inventory = await readInventory(options.hardwareLabel ?? simulatedLabel(options.engine))
    const modelsDir = options.modelsDir ?? join(dataDir, 'models')
    const engine = await startEngine(options.engine, concurrencyMax, modelsDir, 0, loadingLog(logger))
    const capacity = new StreamCapacity(concurrencyMax, options.tellsOfPrompts)
    const probe = options.engineProbeMs !== undefined && { probeMs: options.engineProbeMs }
    const engineHealth =
      options.engine.kind === 'openai' ? new EngineHealth({ driver: engine.driver, logger, ...probe }) : null
    engineHealth?.start()
    const answers = options.apiUrl ? new EngineAnswers({ engine, health: engineHealth, logger }) : null
    answers?.start()
    const sealing = await SealingKeys.create(systemClock)
    const leases = await LeaseEngines.open({
      dataDir,
      nodeKey,
      start: async (model, gpus) =>
        startEngine(leasedEngineConfig(options.engine, engine.models, model, gpus), concurrencyMax, modelsDir),
      concurrencyMax,
      logger,
    })
    const context = {
      nodeKey,
      driver: engine.driver,
      receipts,
      epochs,
      capacity,
      leases,
      inventory,
      models: engine.models,
      engineModelOf: engine.engineModelOf,
      engineLoad: engine.load,
      engineHealth,
      sealing,
      simulatedNetwork: options.simulatedNetwork ?? null,
      logger,
      tracing: options.tracing ?? null,
    }
    const open = (url: string) => new LinkClient(url, context)
    const given = options.gatewayUrls.map(open)
    for (const link of given) link.start()
    const directory = createGatewayDirectory({ given, open, logger })
    if (options.findGateways !== false) directory.start()
    const helper = options.matmulHelper ? createMatmulHelper({ program: options.matmulHelper, logger }) : null
    const solver = createMatmulSolver(helper)
    const simulatedPlace = options.simulatedPlace ?? null
    const witnesses = new Map<string, WitnessClient>()
    const dial = (urls: readonly string[]) => {
      for (const url of urls) {
        if (witnesses.has(url) || witnesses.size >= WITNESSES_MAX) continue
        const witness = new WitnessClient({ url, nodeKey, solver, simulatedPlace, logger })
        witnesses.set(url, witness)
        witness.start()
      }
    }
    dial(options.witnessUrls ?? [])
    const { models } = engine
    const reports =
      options.apiUrl && answers
        ? reportToMarket({ apiUrl: options.apiUrl, nodeKey, inventory, models, answers, witnesses: dial, logger })
        : null
    logger.info(
      {
        node: nodeKey.address,
        engine: options.engine.kind,
        models: engine.models,
        concurrencyMax,
        gateways: options.gatewayUrls,
        unconfirmedReceipts: receipts.unconfirmedCount,
        seqLast: receipts.seqLast,
      },
      'agent started',
    )
    return {
      address: nodeKey.address,
      engineUrl: engine.url,
      models: engine.models,
      get links() {
        return directory.links()
      },
      receipts,
      epochsUrl: served?.url ?? null,
      async close(graceMs = GRACE_MS) {
        capacity.drain()
        await reports?.stop()
        await answers?.close()
        await Promise.all([...witnesses.values()].map((witness) => witness.close()))
        await solver.close()
        await directory.stop()
        await Promise.all(directory.links().map((link) => link.close(graceMs)))
        sealing.close()
        await engineHealth?.close()
        await leases.close()
        await engine.close()
        await served?.stop()
        await epochs.close()
        await receipts.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Who started this agent reads from its log that a large model is on its way; a small one is not worth a line. */
function loadingLog(logger: Logger): (percent: number) => void {
  let saidMs = performance.now()
  let saidPercent = 0
  return (percent) => {
    if (percent <= saidPercent || performance.now() - saidMs < LOADING_LOG_MS) return
    saidMs = performance.now()
    saidPercent = percent
    logger.info({ percent }, 'loading the model')
  }
}

function simulatedLabel(engine: EngineConfig): string | undefined {
  return engine.kind === 'simulated' ? `simulated ${engine.gpuCount} × NVIDIA ${engine.gpu}` : undefined
}
