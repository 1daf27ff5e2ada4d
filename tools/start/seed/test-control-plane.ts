/** A seeded control plane on real Postgres and Redis, without gateway, worker or chain: for the tests beside it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAuth, createCaller, viewerFromHeaders, type ApiCaller, type Auth } from '@isochrone/api'
import { contractNames, developmentParams, partiesOf } from '@isochrone/contracts-client'
import { createDb, createStore, sayBusy, type Db, type Store } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import { startTestStack } from '@isochrone/local-stack'
import { addressOfKey, type Hex } from '@isochrone/protocol'
import { developmentDefaults, developmentKeys } from '@isochrone/runtime'
import {
  createControlPlane,
  redisControlStream,
  publishKeyBudgets,
  redisLeaseBudget,
  redisLiveState,
  type ControlPlane,
  type ControlPlaneDeps,
} from '@isochrone/services'
import { Redis } from 'ioredis'
import { loadNodeKeys } from '../node-keys.ts'
import type { SeedContext } from '../seed-types.ts'

export const testUrl = 'http://127.0.0.1:4000'
const address = (digit: string): Hex => `0x${digit.repeat(40)}`

export interface TestControlPlane {
  ctx: SeedContext
  db: Db
  redis: Redis
  store: Store
  deps: ControlPlaneDeps
  controlPlane: ControlPlane
  auth: Auth
  /** The API as the person with this session cookie sees it; none for a visitor. */
  as(cookie: string | null): Promise<ApiCaller>
  signIn(email: string, password: string): Promise<string>
  stop(): Promise<void>
}

/** @param postgresDir keeps the database, for a later one to find; without it nothing stays */
export async function startTestControlPlane({
  postgresDir,
}: { postgresDir?: string | undefined } = {}): Promise<TestControlPlane> {
  const stack = await startTestStack({ postgres: true, postgresDir, redis: true })
  const dataDir = join(stack.dir, 'data')
  mkdirSync(dataDir)
  const deploymentFile = join(dataDir, 'deployment.json')
  writeFileSync(deploymentFile, JSON.stringify(deployment))
  const ctx: SeedContext = {
    dataDir,
    databaseUrl: stack.databaseUrl,
    redisUrl: stack.redisUrl,
    chainRpcUrl: 'http://127.0.0.1:1',
    deploymentFile,
    webUrl: testUrl,
    gatewayUrl: 'http://127.0.0.1:4001',
    env: {
      ...developmentDefaults,
      ISOCHRONE_ENVIRONMENT: 'development',
      DATABASE_URL: stack.databaseUrl,
      REDIS_URL: stack.redisUrl,
      CHAIN_RPC_URL: 'http://127.0.0.1:1',
      DEPLOYMENT_FILE: deploymentFile,
      GATEWAY_URLS: 'http://127.0.0.1:4001',
    },
    nodes: loadNodeKeys(dataDir),
  }
  const db = createDb(stack.databaseUrl)
  const redis = new Redis(stack.redisUrl)
  const store = sayBusy(createStore(db))
  const deps: ControlPlaneDeps = {
    store,
    live: redisLiveState(redis),
    stream: redisControlStream(redis),
    clock: systemClock,
    leaseBudget: redisLeaseBudget(redis),
    tellKeyBudgets: (keyIds) => publishKeyBudgets({ ...store, redis, clock: systemClock }, { keyIds }),
    chain: {
      chainId: deployment.chainId,
      rpcUrl: ctx.chainRpcUrl,
      usdc: address('1'),
      registry: address('2'),
      anchor: address('3'),
      vault: address('3'),
      channels: address('4'),
      operatorAddress: addressOfKey(developmentKeys[0]),
      managedOwnerAddress: addressOfKey(developmentKeys[2]),
      feeBps: 500,
    },
    gatewayUrls: [ctx.gatewayUrl],
  }
  const controlPlane = createControlPlane(deps)
  const auth = createAuth({
    prisma: db,
    accounts: controlPlane.accounts,
    secret: 'a secret of the tests, long enough',
    webUrl: testUrl,
  })
  return {
    ctx,
    db,
    redis,
    store,
    deps,
    controlPlane,
    auth,
    async as(cookie) {
      const headers = new Headers(cookie ? { cookie } : {})
      return createCaller({ controlPlane, viewer: await viewerFromHeaders({ auth, controlPlane }, headers) })
    },
    async signIn(email, password) {
      return cookieOf(await post(auth, '/sign-in/email', { email, password }))
    },
    async stop() {
      redis.disconnect()
      await db.$disconnect()
      await stack.stop()
    },
  }
}

export function post(auth: Auth, path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return auth.handler(
    new Request(`${testUrl}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: testUrl, ...headers },
      body: JSON.stringify(body),
    }),
  )
}

/** The cookies that a response sets, as a browser would send them back. */
export function cookieOf(response: Response): string {
  if (!response.ok) throw new Error(`no session: ${response.status}`)
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

// The four that the facts above name come first.
const names = [...new Set(['token', 'registry', 'anchor', 'channels', ...contractNames])]
const deployment = {
  version: 3,
  chainId: 31_337,
  addresses: Object.fromEntries(names.map((name, index) => [name, address((index + 1).toString(16))])),
  blockNumber: 1,
  codeHashes: Object.fromEntries(names.map((name) => [name, null])),
  params: developmentParams(partiesOf(address('a'), [])),
}
