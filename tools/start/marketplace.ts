/**
 * A whole marketplace on this machine: services, contracts, seed, and every process, as a function.
 *
 * `npm start`, the chaos test and the browser tests all use this. It starts things in order of dependency, keeps them
 * running, stops them in reverse order within a bounded time, and touches nothing that it did not start.
 */
import { hash } from 'node:crypto'
import { mkdirSync, statfsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { applyMigrations } from '@isochrone/db/migrate'
import { freePort, startAnvil, startPostgres, startRedis, type Service } from '@isochrone/local-stack'
import { developmentDefaults, externalServicesEnv, loadEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { buildWeb, webBuildNeeded } from './build-web.ts'
import { ensureContracts } from './ensure-contracts.ts'
import { removeInstanceFile, writeInstanceFile, type InstanceInfo } from './instance-file.ts'
import { lockInstance } from './instance-lock.ts'
import { fetchModel, modelPathOf } from './fetch-model.ts'
import { assertGguf, type ModelSource } from './model-source.ts'
import { loadNodeKeys } from './node-keys.ts'
import { assertPortsFree, defaultPorts, freePorts, type PortName, type Ports } from './ports.ts'
import {
  mirrorUrlsOf,
  startGateway,
  startWeb,
  startWitness,
  startWorker,
  witnesses,
  type ProcessContext,
} from './processes.ts'
import { modelToAskFor } from './model-to-ask-for.ts'
import { watchNodes } from './node-watch.ts'
import { silentProgress, type Progress } from './progress.ts'
import { firstStarts } from './first-starts.ts'
import { loadSecrets } from './secrets.ts'
import { waitUntilSpendable } from './seed/wait-until-spendable.ts'
import { StartError } from './start-error.ts'
import { supervise, type Startable, type Supervised } from './supervised.ts'

export interface StartMarketplaceOptions {
  readonly dataDir: string
  /** Fixed ports, or `free` for a test. */
  readonly ports?: Partial<Ports> | 'free'
  /** A model that the CPU nodes serve instead of the demo model. */
  readonly model?: ModelSource | undefined
  /** Leave the web app out: a test of the data path starts faster. */
  readonly web?: boolean
  /** False: no people, balance or nodes; whoever comes makes their own. `apiKey`, `model` and `signIns` are empty then. */
  readonly demo?: boolean
  readonly epochMs?: number
  /** From an epoch's anchoring until its pending can be settled, in ms; whole seconds. */
  readonly challengeWindowMs?: number
  /** More of the environment that all processes share; it wins. */
  readonly env?: Readonly<Record<string, string>>
  readonly progress?: Progress
  /** Called when a process cannot be kept running. */
  readonly onGivenUp?: (name: string) => void
  /** Aborting stops a start that is under way. */
  readonly signal?: AbortSignal
}

export interface Marketplace {
  readonly info: InstanceInfo
  readonly children: {
    readonly gateway: Supervised
    readonly worker: Supervised
    readonly witnesses: readonly Supervised[]
    readonly agents: readonly Supervised[]
    readonly redis: Supervised
    readonly postgres: Supervised
    readonly chain: Supervised
    readonly web: Supervised | null
  }
  /** Stops everything that was started, in reverse order; safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts a marketplace and resolves when its gateway serves all nodes.
 *
 * @throws StartError, LocalStackError and others with one clear line; then nothing is left running.
 */
export async function startMarketplace(options: StartMarketplaceOptions): Promise<Marketplace> {
  const { progress = silentProgress, onGivenUp = () => {}, web = true, demo = true, signal } = options
  const dataDir = resolve(options.dataDir)
  const ports = options.ports === 'free' ? await freePorts() : { ...defaultPorts, ...options.ports }
  const external = loadEnv(externalServicesEnv)
  const lock = lockInstance(dataDir)
  const started: Supervised[] = []

  let stopping: Promise<void> | undefined
  const stop = () =>
    (stopping ??= stopAll(started, () => {
      removeInstanceFile(dataDir)
      lock.release()
    }))
  const run = async <T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted()
    return progress.step(title, work)
  }
  const keep = async (name: string, start: () => Promise<Startable>): Promise<Supervised> => {
    const child = await supervise({ name, start, note: (line) => progress.note(line), onGivenUp })
    started.push(child)
    return child
  }
  /** Like `keep`, for a service whose URL is wanted. */
  const keepService = async (name: string, start: () => Promise<Service>) => {
    let url = ''
    const child = await keep(name, async () => {
      const service = await start()
      url = service.url
      return service
    })
    return { child, url }
  }

  try {
    assertDiskSpace(dataDir)
    await assertPortsFree(ports, portsToBind(external, web), lock.afterCrash ? 12_000 : 0)
    const cacheDir = join(projectRoot, '.data/cache')
    mkdirSync(join(dataDir, 'logs'), { recursive: true })
    const model = options.model && (await modelFile(options.model, join(dataDir, 'models'), run, signal))

    const [postgres, redis, chain] = await run('Postgres, Redis and the chain', () =>
      allOrThrow([
        keepService('Postgres', () =>
          startPostgres({
            dataDir: join(dataDir, 'postgres'),
            port: ports.postgres,
            databaseUrl: external.DATABASE_URL,
          }),
        ),
        keepService('Redis', () =>
          startRedis({ dataDir: join(dataDir, 'redis'), port: ports.redis, cacheDir, redisUrl: external.REDIS_URL }),
        ),
        keepService('The chain', () =>
          startAnvil({
            stateFile: join(dataDir, 'chain/state.json'),
            logFile: join(dataDir, 'logs/chain.log'),
            port: ports.chain,
            chainRpcUrl: external.CHAIN_RPC_URL,
          }),
        ),
      ]),
    )
    await run('Database schema', () => applyMigrations(postgres.url))

    const deploymentFile = join(dataDir, 'deployment.json')
    const isOurChain = external.CHAIN_RPC_URL === undefined
    const publicChainUrl = external.CHAIN_RPC_URL ? external.CHAIN_PUBLIC_RPC_URL : chain.url
    const urls = [postgres.url, redis.url, chain.url] as const
    const env = environment(options, { dataDir, ports, deploymentFile, urls, publicChainUrl })
    await run('Contracts', () => ensureContracts({ rpcUrl: chain.url, deploymentFile, env, isOurChain }))
    if (web && webBuildNeeded()) {
      await run('Building the web app (first start only)', () => buildWeb(join(dataDir, 'logs/web-build.log')))
    }

    const nodes = demo ? loadNodeKeys(dataDir) : []
    const [gatewayUrl, url] = [String(env.GATEWAY_PUBLIC_URL), String(env.WEB_URL)]
    const seedDemo = () =>
      run('Demo team, provider and nodes', async () => {
        const { seed } = await import('./seed.ts')
        const services = { databaseUrl: postgres.url, redisUrl: redis.url, chainRpcUrl: chain.url }
        return seed({ dataDir, ...services, deploymentFile, webUrl: url, gatewayUrl, env, nodes })
      })
    const seeded = demo ? await seedDemo() : null

    const mirrorPorts = new Map(await Promise.all(nodes.map(async ({ name }) => [name, await freePort()] as const)))
    const ctx: ProcessContext = { dataDir, ports, env, model, mirrorPorts }
    const [gateway, worker, ...watching] = await run('Gateway, worker and witnesses', () =>
      allOrThrow([
        keep('The gateway', () => startGateway(ctx)),
        keep('The worker', () => startWorker(ctx)),
        ...witnesses.map((place) => keep(`The witness ${place.name}`, () => startWitness(ctx, place))),
      ] as const),
    )
    const startNodes = async (say: (detail: string) => void) => {
      const watch = watchNodes(redis.url)
      const startOf = firstStarts({ ctx, watch, count: nodes.length, afterCrash: lock.afterCrash, say, signal })
      const children = await allOrThrow(nodes.map((node) => keep(`The agent ${node.name}`, startOf(node)))).finally(
        () => watch.close(),
      )
      await waitUntilSpendable({ databaseUrl: postgres.url, redisUrl: redis.url }, signal)
      return children
    }
    const agents = demo ? await run(`${nodes.length} nodes`, startNodes) : []
    const webChild = web ? await run('Web app', () => keep('The web app', () => startWeb(ctx))) : null

    const info: InstanceInfo = {
      url,
      gatewayUrl,
      mirrorUrls: mirrorUrlsOf(ctx),
      apiKey: seeded?.apiKey ?? '',
      model: seeded ? await modelToAskFor(gatewayUrl, seeded.apiKey) : '',
      signIns: [...(seeded?.signIns ?? [])],
      dataDir,
      pid: process.pid,
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      chainRpcUrl: chain.url,
      deploymentFile,
      internalToken: String(env.INTERNAL_TOKEN),
    }
    writeInstanceFile(info)
    const services = { postgres: postgres.child, redis: redis.child, chain: chain.child }
    return { info, children: { gateway, worker, witnesses: watching, agents, web: webChild, ...services }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface EnvironmentParts {
  readonly dataDir: string
  readonly ports: Ports
  readonly deploymentFile: string
  readonly urls: readonly [databaseUrl: string, redisUrl: string, chainRpcUrl: string]
  readonly publicChainUrl: string | undefined
}

/** The environment shared by every process of this marketplace. */
function environment(options: StartMarketplaceOptions, parts: EnvironmentParts): Record<string, string> {
  const { dataDir, ports, deploymentFile, urls } = parts
  const { authSecret, internalToken } = loadSecrets(dataDir)
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`
  const windowMs = options.challengeWindowMs
  return {
    ISOCHRONE_ENVIRONMENT: 'development',
    DATABASE_URL: urls[0],
    REDIS_URL: urls[1],
    CHAIN_RPC_URL: urls[2],
    // The local chain is everybody's; the address of another may hold a key, so browsers are given it only by name.
    ...(parts.publicChainUrl && { CHAIN_PUBLIC_RPC_URL: parts.publicChainUrl }),
    DEPLOYMENT_FILE: deploymentFile,
    INTERNAL_TOKEN: internalToken,
    AUTH_SECRET: authSecret,
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_PORT: String(ports.gateway),
    GATEWAY_PUBLIC_URL: gatewayUrl,
    GATEWAY_URLS: gatewayUrl,
    WITNESS_URLS: witnesses.map(({ port }) => `http://127.0.0.1:${ports[port]}`).join(','),
    WITNESS_TOKEN: hash('sha256', `witness ${internalToken}`),
    WEB_HOST: '127.0.0.1',
    WEB_PORT: String(ports.web),
    WEB_URL: `http://127.0.0.1:${ports.web}`,
    EPOCH_MS: String(options.epochMs ?? developmentDefaults.EPOCH_MS),
    CHALLENGE_WINDOW_MS: String(windowMs ?? developmentDefaults.CHALLENGE_WINDOW_MS),
    ...options.env,
  }
}

function portsToBind(external: { [name: string]: string | undefined }, web: boolean): PortName[] {
  const names: PortName[] = ['gateway', ...witnesses.map(({ port }) => port)]
  if (web) names.push('web')
  if (!external.DATABASE_URL) names.push('postgres')
  if (!external.REDIS_URL) names.push('redis')
  if (!external.CHAIN_RPC_URL) names.push('chain')
  return names
}

/** Settles all before it throws the first failure, so that what did start is known and can be stopped. */
async function allOrThrow<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work)
  for (const result of results as PromiseSettledResult<unknown>[]) if (result.status === 'rejected') throw result.reason
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>
  }
}

/** Customers' side first, then nodes, then what everything stands on. Each group at once, each stop bounded. */
async function stopAll(started: Supervised[], then: () => void): Promise<void> {
  const groups = [/web app|worker/, /gateway/, /agent|witness/, /./]
  const left = new Set(started)
  for (const group of groups) {
    const now = [...left].filter((child) => group.test(child.name))
    for (const child of now) left.delete(child)
    await Promise.all(now.map((child) => child.stop(3_500)))
  }
  then()
}

function assertDiskSpace(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true })
  const { bavail, bsize } = statfsSync(dataDir)
  const freeMiB = (bavail * bsize) / 1_048_576
  if (freeMiB < 512) {
    throw new StartError(
      `The disk of ${dataDir} has ${Math.floor(freeMiB)} MiB left; Isochrone needs 512. Free some space, or choose another place: npm start -- --data-dir DIR`,
    )
  }
}

/** The file that the nodes load; what is to be fetched is fetched once, before anything starts. */
async function modelFile(
  source: ModelSource,
  modelsDir: string,
  run: Progress['step'],
  signal: AbortSignal | undefined,
): Promise<string> {
  const path =
    source.kind === 'file'
      ? source.path
      : await run(`Model ${basename(modelPathOf(source.url, modelsDir))}`, (onProgress) =>
          fetchModel({ url: source.url, modelsDir, onProgress, signal }),
        )
  assertGguf(path)
  return path
}
