/** The agent's command line: options, their checks, and nothing else. The commands themselves are in `commands.ts`. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { engineFeatures, microUsdFromUsd } from '@isochrone/domain'
import type { GeoPlace } from '@isochrone/protocol'
import type { EngineConfig } from './engines/start-engine.ts'
import { agentVersion } from './node/inventory.ts'

export type EngineFlags = {
  readonly engine: 'llama' | 'simulated' | 'openai'
  readonly model?: string
  readonly modelId?: string
  readonly modelHash?: `0x${string}`
  readonly modelsDir?: string
  readonly context: number
  readonly gpu: 'H200' | 'B200' | 'B300'
  readonly gpuCount: number
  readonly engineUrl?: string
  readonly engineModel?: string
  readonly features?: readonly string[]
  readonly engineKey?: string
  readonly capacity: number
}

export type RunFlags = EngineFlags & {
  readonly dataDir?: string
  readonly nodeKeyFile?: string
  readonly gateway: string[]
  readonly onlyGivenGateways?: true
  readonly hardware?: string
  readonly simulatedRttMs?: number
  readonly simulatedJitterMs: number
  readonly simulatedSeed: number
  readonly witness: string[]
  readonly simulatedPlace?: GeoPlace
  readonly matmulHelper?: string
  readonly graceMs: number
  readonly epochFiles?: number
  readonly epochGib?: number
  readonly serveEpochs?: { readonly host: string; readonly port: number }
}

export type JoinFlags = {
  readonly token: string
  readonly api: string
  readonly dataDir?: string
  readonly nodeKeyFile?: string
  readonly hardware?: string
  readonly gpus?: number
  readonly gpuHourPrice?: bigint
}
export type ServeFlags = EngineFlags & { readonly port: number }
export type KeyFlags = { readonly dataDir?: string; readonly nodeKeyFile?: string }

export type Commands = {
  run(flags: RunFlags): Promise<void>
  join(flags: JoinFlags): Promise<void>
  serveEngine(flags: ServeFlags): Promise<void>
  key(flags: KeyFlags): Promise<void>
}

/** The program, ready to parse `process.argv`. */
export function createCli(commands: Commands): Command {
  const program = new Command('isochrone-agent')
    .description('Runs a node of the Isochrone marketplace: dials out to gateways, drives an engine, signs receipts.')
    .version(agentVersion)
    .showHelpAfterError()

  withEngine(program.command('run').description('serve requests until stopped'))
    .option(
      '--gateway <url>',
      'gateway to link to; repeat for several (default: those of join, or GATEWAY_URLS)',
      collect,
      [],
    )
    .option('--only-given-gateways', 'link to no other gateway than those named')
    .option('--data-dir <dir>', 'key, receipts and models of this node (default: DATA_DIR)')
    .option('--node-key-file <file>', 'node key (default: node.key in the data directory, made on the first run)')
    .option('--hardware <text>', 'what to show as hardware instead of what this machine reports')
    .option('--simulated-rtt-ms <ms>', 'delay the link by this round trip; shown as "simulated network"', atLeast(0))
    .option('--simulated-jitter-ms <ms>', 'spread of the simulated round trip', atLeast(0), 0)
    .option('--simulated-seed <n>', 'seed of the simulated jitter', integer(0), 1)
    .option('--witness <url>', 'measuring point to dial; repeat for several (default: WITNESS_URLS)', collect, [])
    .option('--simulated-place <lat,lon>', 'delay echoes to witnesses as if the node stood there', place)
    .option('--matmul-helper <program>', 'program that answers int8 challenges, on GPUs say (default: MATMUL_HELPER)')
    .option('--epoch-files <n>', 'copies of epoch files to keep as evidence (default: 720)', integer(1))
    .option('--epoch-gib <gib>', 'space that they may take (default: 4)', atLeast(0.001))
    .option('--serve-epochs <host:port>', 'give out those copies to anybody who asks (default: to nobody)', hostPort)
    .option('--grace-ms <ms>', 'on stop, how long running requests may finish', integer(0), 3000)
    .addHelpText(
      'after',
      '\nExample:\n  agent run --data-dir ./node --gateway http://127.0.0.1:4001 --engine openai --engine-url http://127.0.0.1:8000',
    )
    .action((flags: RunFlags) => commands.run(flags))

  program
    .command('join')
    .description('admit this node with a one-time token from the provider console, then use run')
    .requiredOption('--token <token>', 'the token')
    .requiredOption('--api <url>', 'URL of the marketplace, for example http://127.0.0.1:4000', url)
    .option('--data-dir <dir>', 'where to keep key and configuration (default: DATA_DIR)')
    .option('--node-key-file <file>', 'node key (default: node.key in the data directory)')
    .option('--hardware <text>', 'what to show as hardware instead of what this machine reports')
    .option('--gpus <n>', 'GPUs of this node that may be leased (default: as the token says, else all)', integer(0))
    .option('--gpu-hour-price <usd>', 'price of a leased GPU for an hour, in dollars (default: as the token says)', usd)
    .action((flags: JoinFlags) => commands.join(flags))

  withEngine(program.command('serve-engine').description('run only the built-in engine as an OpenAI-compatible server'))
    .option('--port <port>', 'port on 127.0.0.1; 0 picks a free one', integer(0), 0)
    .action((flags: ServeFlags) => commands.serveEngine(flags))

  program
    .command('key')
    .description("print the node key's address, making the key first when there is none")
    .option('--data-dir <dir>', 'data directory of the node (default: DATA_DIR)')
    .option('--node-key-file <file>', 'node key (default: node.key in the data directory)')
    .action((flags: KeyFlags) => commands.key(flags))
  return program
}

/** The engine that the flags describe. Throws a line for the person when they contradict one another. */
export function engineConfigOf(flags: EngineFlags): EngineConfig {
  const { modelId } = flags
  switch (flags.engine) {
    case 'llama':
      return { kind: 'llama', modelSource: flags.model, modelId, contextTokensMax: flags.context }
    case 'simulated':
      return { kind: 'simulated', gpu: flags.gpu, gpuCount: flags.gpuCount, modelId }
    case 'openai':
      if (!flags.engineUrl) throw new Error('--engine openai needs --engine-url')
      if (modelId !== undefined && !flags.engineModel) throw new Error('--model-id needs --engine-model here')
      return {
        kind: 'openai',
        baseUrl: flags.engineUrl,
        apiKey: flags.engineKey,
        engineModel: flags.engineModel,
        modelId,
        modelHash: flags.modelHash,
        contextTokensMax: flags.context,
        features: flags.features,
      }
  }
}

function withEngine(command: Command): Command {
  return command
    .addOption(
      new Option('--engine <kind>', 'llama: built in, real; simulated: timing only; openai: any server of yours')
        .choices(['llama', 'simulated', 'openai'])
        .default('llama'),
    )
    .option('--capacity <n>', 'requests that run at once', integer(1), 8)
    .option('--model <file|uri>', 'llama: a GGUF file or URI (default: the demo model)')
    .option('--models-dir <dir>', 'llama: where model files are kept (default: models in the data directory)')
    .option('--model-id <name>', 'public name of the model')
    .option(
      '--context <tokens>',
      'llama: context of each request; openai: when the engine does not say',
      integer(16),
      8192,
    )
    .addOption(new Option('--gpu <gpu>', 'simulated: hardware').choices(['H200', 'B200', 'B300']).default('H200'))
    .option('--gpu-count <n>', 'simulated: GPUs', integer(1), 8)
    .option(
      '--engine-url <url>',
      'openai: base URL, for example http://127.0.0.1:8000; NODE_EXTRA_CA_CERTS names your own CA for https',
      url,
    )
    .option('--engine-model <name>', "openai: serve only this one of the engine's models")
    .option('--engine-key <key>', "openai: the engine's API key")
    .option('--features <names>', `openai: what the engine can, of ${engineFeatures.join(', ')}`, features)
    .option('--model-hash <hash>', 'openai: SHA-256 of the weights as 0x and 64 hexadecimal digits', hash)
}

/** Repeated flags and comma-separated lists mean the same. */
function collect(value: string, before: string[]): string[] {
  return [...before, ...value.split(',').map((each) => url(each.trim()))]
}

function features(value: string): string[] {
  const names = value.split(',').map((each) => each.trim())
  const unknown = names.find((name) => !engineFeatures.some((known) => known === name))
  if (unknown !== undefined) throw new InvalidArgumentError(`no feature is named '${unknown}'`)
  return names
}

function url(value: string): string {
  if (!URL.canParse(value) || !/^(https?|wss?):/.test(value)) throw new InvalidArgumentError('not an http or ws URL')
  return value
}

/** Degrees: `52.4,4.9`. */
function place(value: string): GeoPlace {
  const [latitude = NaN, longitude = NaN] = value.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)))
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) {
    throw new InvalidArgumentError('latitude and longitude in degrees, for example 52.4,4.9')
  }
  return { latitude, longitude }
}

function hash(value: string): string {
  if (!/^0x[0-9a-f]{64}$/.test(value)) throw new InvalidArgumentError('0x and 64 lower-case hexadecimal digits')
  return value
}

function usd(value: string): bigint {
  try {
    return microUsdFromUsd(value)
  } catch {
    throw new InvalidArgumentError('an amount in dollars with at most six decimals')
  }
}

function integer(min: number): (value: string) => number {
  return (value) => {
    const parsed = Number(value)
    if (!Number.isSafeInteger(parsed) || parsed < min) throw new InvalidArgumentError(`an integer of ${min} or more`)
    return parsed
  }
}

/** `127.0.0.1:4020`, `[::1]:4020`, or a port alone on 127.0.0.1. */
function hostPort(value: string): { host: string; port: number } {
  const [, host = '127.0.0.1', digits = ''] = /^(?:\[?([^\]]+)\]?:)?(\d{1,5})$/.exec(value) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65_535) throw new InvalidArgumentError('host:port, for example 0.0.0.0:4020')
  return { host, port }
}

function atLeast(min: number): (value: string) => number {
  return (value) => {
    const parsed = Number(value)
    if (value.trim() === '' || !Number.isFinite(parsed) || parsed < min) {
      throw new InvalidArgumentError(`a number of ${min} or more`)
    }
    return parsed
  }
}
