/**
 * Starts the engine that a configuration names and returns its driver: our own behind its loopback server, or whatever
 * OpenAI-compatible server the provider runs.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { curveOf, type GpuName } from '@isochrone/perf-model'
import type { EngineReport, ServedModel } from '@isochrone/protocol'
import { demoModelId } from '../gguf/demo-model.ts'
import { ensureDemoModel } from '../gguf/ensure-demo-model.ts'
import { builtInReport, externalReport } from './describe-engine.ts'
import type { EngineBackend, EngineLoad } from './engine-backend.ts'
import { EngineFailure, type EngineDriver, type EngineModel } from './engine-driver.ts'
import { presumedFeatures } from './engine-features.ts'
import { createOpenAiDriver } from './openai-driver.ts'
import { serveOpenAi } from './serve-openai.ts'
import { createSimulatedBackend } from './simulated-backend.ts'
import { tlsFaultOf } from './tls-fault.ts'

export type EngineConfig =
  | {
      readonly kind: 'llama'
      /** A GGUF file or URI; undefined is the demo model. */
      readonly modelSource: string | undefined
      readonly modelId: string | undefined
      readonly contextTokensMax: number
    }
  | {
      readonly kind: 'simulated'
      readonly gpu: GpuName
      readonly gpuCount: number
      readonly modelId: string | undefined
    }
  | {
      readonly kind: 'openai'
      readonly baseUrl: string
      readonly apiKey: string | undefined
      /** Serve only this one of the engine's models; undefined serves all. */
      readonly engineModel: string | undefined
      /** The public name of `engineModel`. */
      readonly modelId: string | undefined
      readonly modelHash: `0x${string}` | undefined
      readonly contextTokensMax: number
      /** What the engine can, where the provider says so; undefined: as the engine says, else whatever it does not refuse. */
      readonly features?: readonly string[] | undefined
    }

export type RunningEngine = {
  readonly driver: EngineDriver
  readonly url: string
  readonly models: readonly ServedModel[]
  readonly engineModelOf: (model: string) => string
  /** What it is, and what it holds; whether it answers is asked by `EngineAnswers`. */
  readonly about: EngineReport
  /** What waits inside the engine, as far as it can tell. */
  readonly load: () => EngineLoad
  close(): Promise<void>
}

const QUEUE_PER_SEQUENCE = 2
const ENGINE_ATTEMPTS_MAX = 20
const ENGINE_RETRY_MS = 500

/**
 * Starts `config` for at most `concurrencyMax` requests at once, ours on `port` of 127.0.0.1.
 *
 * `onLoading` is told how far a model of our own is, in whole percent: a large one takes minutes to read.
 */
export async function startEngine(
  config: EngineConfig,
  concurrencyMax: number,
  modelsDir: string,
  port = 0,
  onLoading: (percent: number) => void = () => {},
): Promise<RunningEngine> {
  if (config.kind === 'openai') return connectExternal(config, concurrencyMax)
  const backend =
    config.kind === 'llama'
      ? await loadLlama(config, concurrencyMax, modelsDir, onLoading)
      : createSimulatedBackend({
          modelId: config.modelId ?? demoModelId,
          curve: curveOf(config.gpu, config.gpuCount, 'fp8'),
          sequences: concurrencyMax,
          queueMax: concurrencyMax * QUEUE_PER_SEQUENCE,
        })
  const server = await serveOpenAi(backend, port)
  const driver = createOpenAiDriver({ baseUrl: server.url, kind: config.kind, connectionsMax: concurrencyMax * 2 })
  return {
    driver,
    url: server.url,
    models: backend.models.map((card) => ({
      model: card.id,
      modelHash: card.modelHash,
      contextTokensMax: card.contextTokens,
      quantisation: config.kind === 'simulated' ? 'fp8' : 'gguf',
      simulated: card.simulated,
      features: [...backend.features],
    })),
    engineModelOf: (model) => model,
    about: builtInReport(backend, concurrencyMax),
    load: () => backend.load(),
    async close() {
      await driver.close()
      await server.close()
    },
  }
}

async function loadLlama(
  config: Extract<EngineConfig, { kind: 'llama' }>,
  sequences: number,
  modelsDir: string,
  onLoading: (percent: number) => void,
): Promise<EngineBackend> {
  // Imported here, so that an agent with another engine never loads the native library.
  const { createLlamaBackend } = await import('./llama-backend.ts')
  const shared = { sequences, queueMax: sequences * QUEUE_PER_SEQUENCE, contextTokensMax: config.contextTokensMax }
  if (config.modelSource === undefined) {
    const { path, modelHash } = await ensureDemoModel(modelsDir)
    const note = 'demo model with random weights: it talks nonsense'
    return createLlamaBackend({ ...shared, modelPath: path, modelId: config.modelId ?? demoModelId, modelHash, note })
  }
  const modelPath = await modelFile(config.modelSource, modelsDir)
  // The file is read twice: for its hash, then into the engine.
  const modelHash = await hashFile(modelPath, (part) => onLoading(Math.floor(part * 50)))
  const onLoadProgress = (part: number) => onLoading(50 + Math.floor(part * 50))
  const modelId = config.modelId ?? basename(modelPath).replace(/\.gguf$/i, '')
  const note = `GGUF file ${basename(modelPath)}`
  try {
    return await createLlamaBackend({ ...shared, modelPath, modelId, modelHash, note, onLoadProgress })
  } catch (cause) {
    // The library's words name neither the file nor that it is at fault.
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`the model file ${modelPath} cannot be loaded: ${reason}`, { cause })
  }
}

async function connectExternal(
  config: Extract<EngineConfig, { kind: 'openai' }>,
  concurrencyMax: number,
): Promise<RunningEngine> {
  const driver = createOpenAiDriver({
    baseUrl: config.baseUrl,
    connectionsMax: concurrencyMax * 2,
    ...(config.apiKey !== undefined && { apiKey: config.apiKey }),
  })
  const offered = await waitForModels(driver, config.baseUrl)
  const chosen = offered.filter((model) => config.engineModel === undefined || model.id === config.engineModel)
  if (chosen.length === 0) {
    await driver.close()
    const names = offered.map((model) => model.id).join(', ') || 'none'
    throw new Error(
      `the engine at ${config.baseUrl} does not serve ${config.engineModel ?? 'any model'}; it has: ${names}`,
    )
  }
  const publicName = (id: string) => (id === config.engineModel ? (config.modelId ?? id) : id)
  const engineNames = new Map(chosen.map((model) => [publicName(model.id), model.id]))
  const named = chosen.map((model) => ({ ...model, ...hashOf(model, config.modelHash), model: publicName(model.id) }))
  return {
    driver,
    url: config.baseUrl,
    about: await externalReport(named, config, concurrencyMax),
    models: named.map((model) => ({
      model: model.model,
      modelHash: model.modelHash,
      contextTokensMax: model.contextTokens ?? config.contextTokensMax,
      quantisation: 'unknown',
      simulated: model.simulated,
      features: [...(config.features ?? model.features ?? presumedFeatures(model.ownedBy))],
    })),
    engineModelOf: (model) => engineNames.get(model) ?? model,
    load: () => ({ running: 0, queued: 0 }),
    close: () => driver.close(),
  }
}

/** Without a hash of the weights the name stands for them: a claim, which audits of the output test. */
function hashOf(model: EngineModel, given: `0x${string}` | undefined) {
  if (given) return { modelHash: given, hashOf: 'owner' as const }
  if (model.modelHash) return { modelHash: model.modelHash, hashOf: 'engine' as const }
  return { modelHash: sha256(`openai ${model.id}`), hashOf: 'name' as const }
}

/** A file as the shell means it, else a URI that the library fetches into `modelsDir` once. */
async function modelFile(source: string, modelsDir: string): Promise<string> {
  if (existsSync(source)) return resolve(source)
  const { resolveModelFile } = await import('node-llama-cpp')
  return resolveModelFile(source, { directory: resolve(modelsDir), cli: false })
}

/** An engine that loads a large model may start minutes after its agent: it is asked again until it answers. */
async function waitForModels(driver: EngineDriver, baseUrl: string): Promise<readonly EngineModel[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await driver.models()
    } catch (cause) {
      const fault = cause instanceof EngineFailure ? tlsFaultOf(cause.cause) : null
      // No start of an engine mends its certificate.
      if (fault !== null) throw new Error(`the engine at ${baseUrl} is not asked. ${fault}`, { cause })
      if (attempt < ENGINE_ATTEMPTS_MAX) await sleep(ENGINE_RETRY_MS)
      else throw new Error(`no engine answers at ${baseUrl}: ${cause instanceof Error ? cause.message : ''}`, { cause })
    }
  }
}

async function hashFile(path: string, onProgress: (part: number) => void): Promise<`0x${string}`> {
  const hash = createHash('sha256')
  const { size } = await stat(path)
  let done = 0
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(part)
    done += part.length
    onProgress(done / size)
  }
  return `0x${hash.digest('hex')}`
}

function sha256(text: string): `0x${string}` {
  return `0x${createHash('sha256').update(text).digest('hex')}`
}
