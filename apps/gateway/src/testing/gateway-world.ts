/**
 * Gateways as they run, for integration tests: processes of their own on the real Postgres and Redis, and real agents that
 * dial in. The control plane is rows written here.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDb, createStore } from '@isochrone/db'
import { freePort, inspect, startTestStack, type KeptMemory } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  receiptStreamEntry,
  redisKeys,
  type Hex,
  type ReceiptStreamEntry,
} from '@isochrone/protocol'
import { agentNodeFlags, childEnv, developmentKeys, gatewayNodeFlags, mallocEnv } from '@isochrone/runtime'
import {
  makeTerms,
  noPromises,
  publishControlEvents,
  recordControlChange,
  redisControlStream,
} from '@isochrone/services'
import { Redis } from 'ioredis'

export const WORLD_KEY = 'iso_integration'
export const WORLD_CHANNEL: Hex = `0x${'c1'.repeat(32)}`
export const WORLD_TOKEN = 'integration-internal-token'
/** Gateways of one world at most. */
const GATEWAYS_MAX = 9
/** A process of ours starts in a second or two; beside others that want all of the machine it may take minutes. */
const START_MS_MAX = 240_000
const PROVIDER: Hex = `0x${'a1'.repeat(32)}`
const SALT = `0x${'b1'.repeat(32)}`
/** As `npm start` starts them: memory and times are those of a gateway in production. */
const nodeFlagsOf: Readonly<Record<string, readonly string[]>> = { gateway: gatewayNodeFlags, agent: agentNodeFlags }
const entryOf = (app: string, file: string) => fileURLToPath(new URL(`../../../${app}/src/${file}`, import.meta.url))

const keyOf = (number: number): Hex => `0x${number.toString(16).padStart(64, '0')}`

export type Replayed = { requestId: string; text: string } | null

export type GatewayWorld = Awaited<ReturnType<typeof startGatewayWorld>>

export async function startGatewayWorld(nodeCount: number, limitMicroUsd: bigint) {
  const stack = await startTestStack({ postgres: true, redis: true })
  const db = createDb(stack.databaseUrl, { connectionsMax: 2 })
  const store = createStore(db)
  const redis = new Redis(stack.redisUrl)
  const portsOf = () => Promise.all(Array.from({ length: GATEWAYS_MAX }, () => freePort()))
  const [ports, inspectorPorts] = [await portsOf(), await portsOf()]
  const urlOf = (index: number) => `http://127.0.0.1:${ports[index]}`
  const url = urlOf(0)
  const children = new Set<ChildProcess>()
  const deploymentFile = join(stack.dir, 'deployment.json')
  const contract = (byte: string) => `0x${byte.repeat(20)}`
  writeFileSync(
    deploymentFile,
    JSON.stringify({
      chainId: 31_337,
      addresses: { channels: contract('e1'), anchor: contract('e2'), ledger: contract('e3') },
    }),
  )
  const nodeKeys = Array.from({ length: nodeCount }, (_, index) => developmentKeys[index + 3] ?? keyOf(0x7b00 + index))
  await writeControlPlane(db, nodeKeys)
  await redis.hset(redisKeys.budget(WORLD_CHANNEL), 'limit', limitMicroUsd.toString())

  function start(
    app: string,
    args: readonly string[],
    env: Record<string, string>,
    log = app,
    entry = 'main.ts',
    moreFlags: readonly string[] = [],
  ): ChildProcess {
    const nodeFlags = ['--disable-warning=ExperimentalWarning', ...(nodeFlagsOf[app] ?? []), ...moreFlags]
    const child = spawn(process.execPath, [...nodeFlags, entryOf(app, entry), ...args], {
      env: childEnv(env),
      stdio: ['ignore', openSync(join(stack.dir, `${log}.log`), 'a'), 'inherit'],
    })
    children.add(child)
    return child
  }

  /** Each has a lane and a data directory of its own. Resolves when it is healthy. */
  async function startGateway(index = 0, env: Record<string, string> = {}): Promise<ChildProcess> {
    const name = index === 0 ? 'gateway' : `gateway-${index}`
    const settings = {
      DATABASE_URL: stack.databaseUrl,
      REDIS_URL: stack.redisUrl,
      CHAIN_RPC_URL: 'http://127.0.0.1:9',
      DEPLOYMENT_FILE: deploymentFile,
      DATA_DIR: join(stack.dir, name),
      GATEWAY_PORT: String(ports[index]),
      GATEWAY_PUBLIC_URL: urlOf(index),
      GATEWAY_KEY: index === 0 ? developmentKeys[1] : keyOf(0x6a00 + index),
      INTERNAL_TOKEN: WORLD_TOKEN,
      EPOCH_MS: '3600000',
    }
    const child = start(
      'gateway',
      [],
      { ...mallocEnv({ hugePages: true }), ...settings, ...env },
      name,
      'main.ts',
      inspectorOf(index),
    )
    await until(async () => (await health(index))?.status === 'ok', START_MS_MAX)
    return child
  }

  /** Opened by {@link keptMemory} alone: until then a gateway runs without it. */
  const inspectorOf = (index: number): string[] => [
    `--inspect-port=127.0.0.1:${inspectorPorts[index]}`,
    '--inspect-publish-uid=http',
  ]

  /** What a gateway keeps once all garbage is collected. */
  async function keptMemory(gateway: ChildProcess, index = 0): Promise<KeptMemory> {
    const port = inspectorPorts[index] ?? 0
    gateway.kill('SIGUSR1')
    await until(async () => (await fetch(`http://127.0.0.1:${port}/json/version`).catch(() => null))?.ok === true)
    const inspected = await inspect(port)
    return await inspected.keptMemory().finally(() => inspected.close())
  }

  async function health(index: number): Promise<{ status: string; linkedNodes: number } | null> {
    const response = await fetch(`${urlOf(index)}/healthz`).catch(() => null)
    return response && ((await response.json()) as { status: string; linkedNodes: number })
  }

  /** It links to the gateways at `urls`, by default to the first one. */
  function startAgent(index: number, args: readonly string[], urls: readonly string[] = [url]): ChildProcess {
    const dir = join(stack.dir, `agent-${index}`)
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'node.key'), `${nodeKeys[index]}\n`, { mode: 0o600 })
    const gateways = urls.flatMap((each) => ['--gateway', each])
    return start('agent', ['run', '--data-dir', dir, ...gateways, ...args], {}, `agent-${index}`)
  }

  /** Several nodes in one process; `first` is the index of the first one's key. What it says goes to `nodes-<first>.log`. */
  function startNodes(first: number, count: number, plan: Record<string, unknown>): ChildProcess {
    const dirs = nodeKeys.slice(first, first + count).map((key, index) => {
      const dir = join(stack.dir, `agent-${first + index}`)
      mkdirSync(dir, { recursive: true })
      writeFileSync(join(dir, 'node.key'), `${key}\n`, { mode: 0o600 })
      return dir
    })
    return start('agent', [JSON.stringify({ ...plan, dirs })], {}, `nodes-${first}`, 'testing/nodes-process.ts')
  }

  /** Places queued jobs, as the worker does, and nothing else. */
  function startPlacing(gatewayUrls: readonly string[]): ChildProcess {
    const env = { DATABASE_URL: stack.databaseUrl, REDIS_URL: stack.redisUrl, INTERNAL_TOKEN: WORLD_TOKEN }
    return start(
      'worker',
      [],
      { ...env, GATEWAY_URLS: gatewayUrls.join(',') },
      'placing',
      'testing/inference-process.ts',
    )
  }

  /** One answer of each node, bought as the worker's verification buys it; null where none came. */
  async function replay(nodeIds: readonly string[], model: string, prompt: string): Promise<Replayed[]> {
    const env = { INTERNAL_TOKEN: WORLD_TOKEN, GATEWAY_URLS: url }
    const nodes = nodeIds.flatMap((nodeId) => ['--node', nodeId])
    const args = ['--org', 'org_w', '--model', model, '--prompt', prompt, ...nodes]
    const [code] = (await once(start('worker', args, env, 'replay', 'testing/replay-process.ts'), 'exit')) as [number]
    const said = readFileSync(join(stack.dir, 'replay.log'), 'utf8').trim().split('\n').at(-1) ?? ''
    if (code !== 0) throw new Error(`no answers were bought: ${said}`)
    return JSON.parse(said) as Replayed[]
  }

  return {
    url,
    urlOf,
    nodeKeys,
    db,
    redis,
    stack,
    startGateway,
    keptMemory,
    startAgent,
    startNodes,
    startPlacing,
    replay,
    linked: (count: number, index = 0) => until(async () => (await health(index))?.linkedNodes === count),
    /** As a service does: the change, its event, and then the news of it. */
    async changeKey(enabled: boolean): Promise<void> {
      await db.apiKey.update({ where: { id: 'key_w' }, data: { enabled } })
      await recordControlChange(store.control, { apiKeyIds: ['key_w'] })
      await publishControlEvents({ outbox: store.control, stream: redisControlStream(redis) })
    },
    /** All that was published, in order; a repeated entry counts once. */
    async published(): Promise<ReceiptStreamEntry[]> {
      const rows = await redis.xrange(redisKeys.receipts, '-', '+')
      const texts = new Set(rows.map(([, fields]) => fields[1] ?? ''))
      return [...texts].map((text) => receiptStreamEntry.parse(JSON.parse(text)))
    },
    async stop(): Promise<void> {
      for (const child of children) {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL')
          await once(child, 'exit')
        }
      }
      redis.disconnect()
      await db.$disconnect()
      await stack.stop()
    },
  }
}

export async function until(condition: () => Promise<boolean>, limitMs = 150_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${limitMs} ms`)
    await sleep(50)
  }
}

async function writeControlPlane(db: ReturnType<typeof createDb>, nodeKeys: readonly Hex[]): Promise<void> {
  await db.organization.create({ data: { id: 'org_w', name: 'World', slug: 'world' } })
  await db.organization.create({ data: { id: 'org_p', name: 'Provider', slug: 'provider' } })
  await db.channel.create({
    data: {
      id: WORLD_CHANNEL,
      orgId: 'org_w',
      custody: 'managed',
      ownerAddress: `0x${'d1'.repeat(20)}`,
      salt: `0x${'00'.repeat(32)}`,
    },
  })
  const key = hash('sha256', WORLD_KEY, 'base64url')
  await db.apiKey.create({ data: { id: 'key_w', referenceId: 'org_w', key } })
  const address = `0x${'f1'.repeat(20)}`
  const provider = {
    orgId: 'org_p',
    name: 'Provider',
    ownerAddress: address,
    payoutAddress: address,
    salt: SALT,
    feeBps: 250,
  }
  await db.provider.create({ data: { id: PROVIDER, ...provider } })
  const terms = makeTerms({
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
      nodeName: 'World',
      region: 'local',
      country: 'DE',
      simulated: false,
      sharedHost: true,
      tier: 'regional',
      dataPolicy: 'any',
    },
  })
  const { hash: termsHash, values, document } = terms
  await db.terms.create({ data: { hash: termsHash, providerId: PROVIDER, values, document: { ...document } } })
  for (const [index, nodeKey] of nodeKeys.entries()) {
    await db.node.create({
      data: {
        nodeId: addressToBytes32(addressOfKey(nodeKey)),
        id: `node_${index}`,
        name: `node-${index}`,
        providerId: PROVIDER,
        termsHash,
        status: 'active',
        region: 'local',
        country: 'DE',
        failureDomain: `rack-${index}`,
      },
    })
  }
}
