/**
 * Real Postgres, Redis and chain for one integration test file, in one call and well below a second.
 *
 * Everything lives in a fresh temporary directory on free ports. The Postgres cluster is a copy of a cached one that
 * already holds the migrations; `freshDatabase` adds further databases from the same template. `stop()` ends and
 * deletes all; if the test process dies first, the services are ended anyway (see `reaper.ts`).
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyMigrations } from '@isochrone/db/migrate'
import { createDatabaseFrom, copyTemplateCluster } from './template-cluster.ts'
import { freePort } from './free-port.ts'
import { mineEvery } from './mine-every.ts'
import { projectCacheDir } from './project-cache-dir.ts'
import type { Service } from './spawn-service.ts'
import { startAnvil } from './start-anvil.ts'
import { startPostgres } from './start-postgres.ts'
import { startRedis } from './start-redis.ts'
import { testChainProfile, type TestChainProfile } from './test-chains.ts'

export interface TestStackOptions {
  readonly postgres?: boolean
  /** Holds Postgres' data and keeps it: a later stack finds it there, and the migrations that came since are applied. */
  readonly postgresDir?: string | undefined
  readonly redis?: boolean
  /**
   * `true`: the chain of tests, see `test-chains.ts`. `still`: no block is mined but by anvil's own methods. Or what differs from
   * the chain of development.
   */
  readonly chain?: boolean | 'still' | TestChainOptions
}

export interface TestChainOptions {
  readonly chainId?: number
  /** Seconds between blocks; without it a block is mined when transactions wait. */
  readonly blockTimeS?: number
  /** No block is mined but by anvil's own methods. */
  readonly isStill?: boolean
}

export interface TestStack {
  /** A directory for the test's own files; deleted by `stop`. */
  readonly dir: string
  /** A database with all migrations applied. */
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly chainRpcUrl: string
  /** What differs from the chain of development, where `chain: true` was asked for and tests run on another one. */
  readonly chainProfile: TestChainProfile | undefined
  /** Does something while no block comes by the clock. */
  withoutBlocks<T>(work: () => Promise<T>): Promise<T>
  /** Another empty database with all migrations applied, in the same cluster (about 50 ms). */
  freshDatabase(): Promise<string>
  /** Ends the service with SIGKILL and starts it again, after `downMs`, on the same data and port. */
  crash(service: 'postgres' | 'redis', downMs?: number): Promise<void>
  /** Stops Redis with SIGSTOP for so long: its connections stay open and nothing is answered. */
  stallRedis(stillMs: number): Promise<void>
  stop(): Promise<void>
}

/** Starts what is asked for. A URL of something not asked for throws when it is read. */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-test-'))
  chmodSync(dir, 0o755)
  const chainProfile = options.chain === true ? testChainProfile() : undefined
  const services = new Map<string, { service: Service; start: () => Promise<Service> }>()
  let stopBlocks: (() => Promise<void>) | undefined
  const startBlocks = () => {
    const url = services.get('chain')?.service.url
    if (chainProfile && url) stopBlocks = mineEvery(url, chainProfile.blockTimeMs)
  }
  const add = async (name: string, start: () => Promise<Service>) => {
    services.set(name, { service: await start(), start })
  }
  try {
    await Promise.all([
      options.postgres && startTestPostgres(options.postgresDir ?? join(dir, 'postgres'), add),
      options.redis && startTestRedis(dir, add),
      options.chain && startTestChain(dir, add, chainOptionsOf(options.chain, chainProfile)),
    ])
    startBlocks()
  } catch (error) {
    await stopAll()
    throw error
  }

  async function stopAll(): Promise<void> {
    await stopBlocks?.()
    await Promise.all([...services.values()].map(({ service }) => service.stop()))
    rmSync(dir, { recursive: true, force: true })
  }
  const serviceOf = (name: string) => {
    const entry = services.get(name)
    if (!entry) throw new Error(`this test stack was started without ${name}: startTestStack({ ${name}: true })`)
    return entry
  }

  return {
    dir,
    get databaseUrl() {
      return serviceOf('postgres').service.url
    },
    get redisUrl() {
      return serviceOf('redis').service.url
    },
    get chainRpcUrl() {
      return serviceOf('chain').service.url
    },
    chainProfile,
    withoutBlocks: async (work) => {
      await stopBlocks?.()
      try {
        return await work()
      } finally {
        startBlocks()
      }
    },
    freshDatabase: () => createDatabaseFrom(serviceOf('postgres').service.url, `t_${randomBytes(6).toString('hex')}`),
    crash: async (name, downMs = 0) => {
      const entry = serviceOf(name)
      if (entry.service.pid) process.kill(entry.service.pid, 'SIGKILL')
      await entry.service.exited
      await sleep(downMs)
      entry.service = await entry.start()
    },
    stallRedis: async (stillMs) => {
      const { pid } = serviceOf('redis').service
      if (!pid) return
      process.kill(pid, 'SIGSTOP')
      try {
        await sleep(stillMs)
      } finally {
        process.kill(pid, 'SIGCONT')
      }
    },
    stop: stopAll,
  }
}

type Add = (name: string, start: () => Promise<Service>) => Promise<void>

async function startTestPostgres(dataDir: string, add: Add): Promise<void> {
  const isKept = existsSync(dataDir)
  if (!isKept) await copyTemplateCluster(dataDir)
  const port = await freePort()
  await add('postgres', async () => {
    const service = await startPostgres({ dataDir, port, volatile: true })
    if (isKept) await applyMigrations(service.url)
    return service
  })
}

async function startTestRedis(dir: string, add: Add): Promise<void> {
  const port = await freePort()
  await add('redis', () => startRedis({ dataDir: join(dir, 'redis'), port, cacheDir: projectCacheDir() }))
}

function chainOptionsOf(
  chain: true | 'still' | TestChainOptions,
  profile: TestChainProfile | undefined,
): TestChainOptions {
  if (chain === true) return profile ? { chainId: profile.chainId, isStill: true } : {}
  return chain === 'still' ? { isStill: true } : chain
}

async function startTestChain(dir: string, add: Add, options: TestChainOptions): Promise<void> {
  const chainDir = join(dir, 'chain')
  mkdirSync(chainDir)
  const port = await freePort()
  await add('chain', () =>
    startAnvil({
      stateFile: join(chainDir, 'state.json'),
      logFile: join(chainDir, 'anvil.log'),
      port,
      tickMs: 0,
      ...options,
    }),
  )
}
