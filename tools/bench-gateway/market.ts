/**
 * Our side of the benchmark: one gateway process and one agent process as they run in production, on a Postgres and a
 * Redis of their own. The control plane is rows written here: one payer, one provider, one node.
 *
 * No chain is asked on a request's path, so none runs: the gateway only signs for the contracts that its deployment names.
 */
import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDb } from '@isochrone/db'
import { freePort, type RunningProcess, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, redisKeys, type Hex } from '@isochrone/protocol'
import { agentNodeFlags, developmentKeys, gatewayNodeFlags, mallocEnv } from '@isochrone/runtime'
import { makeTerms, noPromises } from '@isochrone/services'
import { Redis } from 'ioredis'
import { projectRoot } from '../project-root.ts'
import { answers, startProgram } from './children.ts'

export const BENCH_KEY = 'iso_bench_gateway'
const INTERNAL_TOKEN = 'bench-gateway-internal-token'
const CHANNEL: Hex = `0x${'c1'.repeat(32)}`
const PROVIDER: Hex = `0x${'a1'.repeat(32)}`
const NODE_KEY = developmentKeys[3]
/** Ten million dollars: more than any run spends. */
const LIMIT_MICRO_USD = 10n ** 13n

export interface Market {
  readonly url: string
  readonly gateway: RunningProcess
  readonly agent: RunningProcess
  readonly dataDir: string
  readonly redis: Redis
  /** Closes the lane's epoch; returns how many receipts it holds. */
  closeEpoch(): Promise<{ epochs: number[]; receipts: number }>
  stop(): Promise<void>
}

export interface MarketOptions {
  readonly stack: TestStack
  readonly upstreamUrl: string
  /** Requests that the node takes at once. */
  readonly capacity: number
  /** Flags of Node for the gateway and the agent, such as those of its profiler. */
  readonly nodeArgs?: { readonly gateway?: readonly string[]; readonly agent?: readonly string[] }
}

/** Resolves when the node is linked. */
export async function startMarket({ stack, upstreamUrl, capacity, nodeArgs = {} }: MarketOptions): Promise<Market> {
  const redis = new Redis(stack.redisUrl)
  await writeControlPlane(stack.databaseUrl)
  await redis.hset(redisKeys.budget(CHANNEL), 'limit', LIMIT_MICRO_USD.toString())
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const dataDir = join(stack.dir, 'gateway')
  const gateway = await startProgram({
    name: 'gateway',
    dir: stack.dir,
    program: join(projectRoot, 'apps/gateway/src/main.ts'),
    args: [],
    env: {
      ...mallocEnv({ hugePages: true }),
      DATABASE_URL: stack.databaseUrl,
      REDIS_URL: stack.redisUrl,
      CHAIN_RPC_URL: 'http://127.0.0.1:9',
      DEPLOYMENT_FILE: writeDeployment(stack.dir),
      DATA_DIR: dataDir,
      GATEWAY_PORT: String(port),
      GATEWAY_PUBLIC_URL: url,
      GATEWAY_KEY: developmentKeys[1],
      INTERNAL_TOKEN,
      EPOCH_MS: '3600000',
    },
    isReady: () => answers(`${url}/healthz`),
    nodeArgs: [...gatewayNodeFlags, ...(nodeArgs.gateway ?? [])],
  })
  const agentDir = join(stack.dir, 'agent')
  mkdirSync(agentDir)
  writeFileSync(join(agentDir, 'node.key'), `${NODE_KEY}\n`, { mode: 0o600 })
  const agent = await startProgram({
    name: 'agent',
    dir: stack.dir,
    program: join(projectRoot, 'apps/agent/src/main.ts'),
    args: `run --capacity ${capacity} --engine openai --engine-url ${upstreamUrl} --gateway ${url}`
      .split(' ')
      .concat('--data-dir', agentDir),
    env: mallocEnv({ hugePages: false }),
    isReady: async () => (await linkedNodes(url)) === 1,
    nodeArgs: [...agentNodeFlags, ...(nodeArgs.agent ?? [])],
  })
  return {
    url,
    gateway,
    agent,
    dataDir,
    redis,
    async closeEpoch() {
      const headers = { authorization: `Bearer ${INTERNAL_TOKEN}` }
      const response = await fetch(`${url}/internal/v1/close-epoch`, { method: 'POST', headers })
      return (await response.json()) as { epochs: number[]; receipts: number }
    },
    async stop() {
      await agent.stop(20_000)
      await gateway.stop(20_000)
      redis.disconnect()
    },
  }
}

async function linkedNodes(url: string): Promise<number> {
  const response = await fetch(`${url}/healthz`).catch(() => null)
  return response ? ((await response.json()) as { linkedNodes: number }).linkedNodes : 0
}

function writeDeployment(dir: string): string {
  const file = join(dir, 'deployment.json')
  const [channels, anchor, ledger] = ['e1', 'e2', 'e3'].map((byte) => `0x${byte.repeat(20)}`)
  writeFileSync(file, JSON.stringify({ chainId: 31_337, addresses: { channels, anchor, ledger } }))
  return file
}

async function writeControlPlane(databaseUrl: string): Promise<void> {
  const db = createDb(databaseUrl, { connectionsMax: 1 })
  await db.organization.create({ data: { id: 'org_payer', name: 'Payer', slug: 'payer' } })
  await db.organization.create({ data: { id: 'org_provider', name: 'Provider', slug: 'provider' } })
  const unlimited = { requestsPerMinuteMax: 100_000_000, concurrentRequestsMax: 100_000 }
  await db.orgSettings.create({ data: { orgId: 'org_payer', ...unlimited } })
  const salt = `0x${'00'.repeat(32)}`
  const address = `0x${'f1'.repeat(20)}`
  const channel = { id: CHANNEL, orgId: 'org_payer', custody: 'managed' as const, ownerAddress: address, salt }
  await db.channel.create({ data: channel })
  const key = hash('sha256', BENCH_KEY, 'base64url')
  await db.apiKey.create({ data: { id: 'key_bench', referenceId: 'org_payer', key } })
  const addresses = { ownerAddress: address, payoutAddress: address, salt, feeBps: 250 }
  await db.provider.create({ data: { id: PROVIDER, orgId: 'org_provider', name: 'Provider', ...addresses } })
  const {
    hash: termsHash,
    values,
    document,
  } = makeTerms({
    providerId: PROVIDER,
    prices: {
      inMicroUsdPerMtok: 1_000_000n,
      cachedMicroUsdPerMtok: 500_000n,
      outMicroUsdPerMtok: 3_000_000n,
      inMicroUsdPerGb: 0n,
      outMicroUsdPerGb: 0n,
    },
    promises: noPromises,
    document: {
      version: 3,
      nodeName: 'bench',
      region: 'local',
      country: 'DE',
      simulated: false,
      sharedHost: true,
      tier: 'regional',
      dataPolicy: 'any',
    },
  })
  await db.terms.create({ data: { hash: termsHash, providerId: PROVIDER, values, document: { ...document } } })
  await db.node.create({
    data: {
      nodeId: addressToBytes32(addressOfKey(NODE_KEY)),
      id: 'node_bench',
      name: 'bench',
      providerId: PROVIDER,
      termsHash,
      status: 'active',
      region: 'local',
      country: 'DE',
      failureDomain: 'rack-1',
    },
  })
  await db.$disconnect()
}
