/**
 * What the scenarios break: a gateway and two agents with a real engine as processes, Postgres and Redis, and scripted
 * nodes that a scenario adds for itself.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { hash } from 'node:crypto'
import { createStore } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import type { KeptMemory } from '@isochrone/local-stack'
import { redisKeys, type Hex } from '@isochrone/protocol'
import { publishKeyBudgets } from '@isochrone/services'
import { startGatewayWorld, until, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'
import { settledBooks, type Books } from './books.ts'
import { ask, type Ask, type Seen } from './client.ts'
import { startFreezableProxy, type FreezableProxy } from './freezable-proxy.ts'
import { startScriptedNode, type Call, type ScriptedNode } from './scripted-node.ts'

/** Agents with an engine; the other nodes of the world are for scripts. */
const AGENTS = 2
const SCRIPTED_MAX = 5

export interface Market {
  readonly world: GatewayWorld
  /** Agent 1 dials the gateway through it. */
  readonly proxy: FreezableProxy
  readonly model: string
  gateway(): ChildProcess
  readonly agent: (index: number) => ChildProcess
  /** Of the agent that serves as this node of an answer, `node_…`. */
  indexOf(node: string | null): number
  restartGateway(): Promise<void>
  restartAgent(index: number): Promise<void>
  scripted(index: number, script: (call: Call) => void | Promise<void>): Promise<ScriptedNode>
  /** Of the gateway, once all garbage is collected. */
  keptMemory(): Promise<KeptMemory>
  /** All scripted nodes leave, and both agents are linked again. */
  tidy(): Promise<void>
  ask(body: Ask['body'], onText?: Ask['onText']): Promise<Seen>
  /** The books once all of these are on record; throws where theirs do not add up. */
  books(seen: readonly Seen[]): Promise<Books>
  /** Those of all that was ever asked here; throws where anything does not add up. */
  allBooks(): Promise<Books>
  stop(): Promise<void>
}

export async function startMarket(limitMicroUsd = 1_000_000_000n): Promise<Market> {
  const world = await startGatewayWorld(AGENTS + SCRIPTED_MAX, limitMicroUsd)
  world.redis.on('error', () => undefined)
  await unlimited(world, 'org_w')
  const proxy = await startFreezableProxy(world.url)
  let gateway = await world.startGateway()
  const flags = ['--engine', 'llama', '--context', '8192', '--models-dir', `${world.stack.dir}/models`]
  const start = (index: number) => world.startAgent(index, flags, [index === 1 ? proxy.url : world.url])
  const agents = Array.from({ length: AGENTS }, (_, index) => start(index))
  let scripted: ScriptedNode[] = []
  const answered = new Set<string>()
  await world.linked(AGENTS)
  const listed = await fetch(`${world.url}/v1/models`, { headers: { authorization: `Bearer ${WORLD_KEY}` } })
  const model = ((await listed.json()) as { data: { id: string }[] }).data[0]?.id ?? ''

  return {
    world,
    proxy,
    model,
    gateway: () => gateway,
    agent: (index) => agents[index] ?? gateway,
    indexOf: (node) => Number(node?.slice('node_'.length) ?? -1),
    async restartGateway() {
      await ended(gateway)
      gateway = await world.startGateway()
    },
    async restartAgent(index) {
      await ended(agents[index])
      agents[index] = start(index)
    },
    async scripted(index, script) {
      const key = world.nodeKeys[AGENTS + index] as Hex
      const node = await startScriptedNode({ gatewayUrl: world.url, key, script })
      scripted.push(node)
      return node
    },
    keptMemory: () => world.keptMemory(gateway),
    async tidy() {
      for (const node of scripted) node.agent.drop()
      scripted = []
      await world.linked(AGENTS)
    },
    async ask(body, onText) {
      const seen = await ask({ url: world.url, key: WORLD_KEY, body, ...(onText && { onText }) })
      if (seen.status === 200 && seen.requestId !== null) answered.add(seen.requestId)
      return seen
    },
    books: (seen) =>
      settledBooks(
        world.redis,
        seen.flatMap(({ status, requestId }) => (status === 200 && requestId !== null ? [requestId] : [])),
        'theirs',
      ),
    allBooks: () => settledBooks(world.redis, [...answered]),
    async stop() {
      await proxy.close()
      await world.stop()
    },
  }
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Rate limits are another matter: lifts those of an organisation. Call before its gateways start. */
export async function unlimited({ db }: GatewayWorld, orgId: string): Promise<void> {
  await db.orgSettings.create({
    data: { orgId, requestsPerMinuteMax: 100_000_000, concurrentRequestsMax: 10_000 },
  })
}

/** Another organisation with a key and a channel of its own. Call before the gateways start. */
export async function addTenant(
  { db, redis }: GatewayWorld,
  name: string,
  settings: {
    routing?: object
    limitMicroUsd: bigint
    requestsPerMinuteMax?: number
    tokensPerMinuteMax?: number
    concurrentRequestsMax?: number
    keyBudgetMicroUsd?: bigint
  },
): Promise<{ key: string; channelId: Hex; orgId: string }> {
  const orgId = `org_${name}`
  const key = `iso_${name}`
  const channelId: Hex = `0x${Buffer.from(name).toString('hex').padStart(64, '7')}`
  await db.organization.create({ data: { id: orgId, name, slug: name } })
  await db.channel.create({
    data: {
      id: channelId,
      orgId,
      custody: 'managed',
      ownerAddress: `0x${'d1'.repeat(20)}`,
      salt: `0x${Buffer.from(name).toString('hex').padStart(64, '0')}`,
    },
  })
  await db.apiKey.create({ data: { id: `key_${name}`, referenceId: orgId, key: hash('sha256', key, 'base64url') } })
  await db.orgSettings.create({
    data: {
      orgId,
      requestsPerMinuteMax: settings.requestsPerMinuteMax ?? 100_000_000,
      tokensPerMinuteMax: settings.tokensPerMinuteMax ?? null,
      concurrentRequestsMax: settings.concurrentRequestsMax ?? 10_000,
      routing: { ...settings.routing },
    },
  })
  await redis.hset(redisKeys.budget(channelId), 'limit', settings.limitMicroUsd.toString())
  if (settings.keyBudgetMicroUsd !== undefined) {
    await db.apiKeyBudget.create({
      data: { keyId: `key_${name}`, period: 'month', microUsd: settings.keyBudgetMicroUsd },
    })
    await publishKeyBudgets({ ...createStore(db), redis, clock: systemClock })
  }
  return { key, channelId, orgId }
}

export { until }
