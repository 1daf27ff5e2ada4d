/**
 * A whole marketplace that begins empty, for people who cheat: every process as `npm start` runs it, and nobody in it yet.
 *
 * People act through the control plane that the web app calls, agents through the same answers over HTTP. What is checked, listed,
 * barred, placed, billed and settled is done by worker, witness, gateway and chain alone.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readDeployment, type Deployment } from '@isochrone/contracts-client'
import { createDb, createStore, type Db, type Store } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import type { RunningProcess } from '@isochrone/local-stack'
import { addressOfKey, redisKeys, type Hex } from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import {
  createApiKey,
  createControlPlane,
  recordControlChange,
  redisControlStream,
  redisLeaseBudget,
  redisLiveState,
  type ControlPlane,
  type ControlPlaneDeps,
} from '@isochrone/services'
import { Redis } from 'ioredis'
import { startMarketplace, type Marketplace } from '../start/marketplace.ts'
import { freePorts } from '../start/ports.ts'
import { serveAgentApi } from './serve-agent-api.ts'

/** Whose channel pays for the answers that the checks buy. */
const CHECKS_ORG = 'org_checks'
const FUNDS_MICRO_USD = 100_000_000n

export interface EmptyMarket {
  readonly market: Marketplace
  readonly deployment: Deployment
  readonly controlPlane: ControlPlane
  readonly db: Db
  readonly store: Store
  readonly dir: string
  /** Where agents join and report. */
  readonly agentApiUrl: string
  readonly witnessUrl: string
  /** A team with money: its key and its channel. */
  readonly team: { readonly apiKey: string; readonly channelId: string }
  /** What others started for it; ended before it is. */
  readonly processes: RunningProcess[]
  /** An organisation that nobody else belongs to. */
  organisation(id: string): Promise<{ orgId: string; userId: string }>
  stop(): Promise<void>
}

export async function startEmptyMarket(): Promise<EmptyMarket> {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-cheats-'))
  // As root, Postgres runs as a user of its own, who must be able to pass through.
  chmodSync(dir, 0o755)
  const closing: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })]
  const stop = async () => {
    for (const close of closing.toReversed()) await close()
  }
  try {
    const ports = await freePorts()
    const market = await startMarketplace({
      dataDir: dir,
      ports,
      web: false,
      demo: false,
      // Closed by hand: what is counted again after its epoch is closed is refunded no more.
      epochMs: 3_600_000,
      challengeWindowMs: 3_000,
      env: { VERIFICATION_ORG_ID: CHECKS_ORG },
    })
    closing.push(() => market.stop())
    const deployment = await readDeployment(market.info.deploymentFile)
    if (!deployment) throw new Error('the contracts are not deployed')
    const db = createDb(market.info.databaseUrl, { connectionsMax: 4 })
    closing.push(() => db.$disconnect())
    const redis = new Redis(market.info.redisUrl)
    closing.push(() => redis.disconnect())
    const witnessUrl = `http://127.0.0.1:${ports.witness}`
    const store = createStore(db)
    const deps = controlPlaneDeps({ market, deployment, store, redis, witnessUrl })
    const controlPlane = createControlPlane(deps)
    const api = await serveAgentApi(controlPlane.providers)
    closing.push(() => api.close())

    const organisation = (id: string) => insertOrganisation(store, db, id)
    const fund = async (id: string) => {
      const { orgId, userId } = await organisation(id)
      await controlPlane.funding.request({ orgId, userId, microUsd: FUNDS_MICRO_USD, key: 'first' })
      const channel = await controlPlane.funding.channel({ orgId })
      const channelId = channel?.channelId ?? ''
      await until(`${id} has money`, async () => Number(await redis.hget(redisKeys.budget(channelId), 'limit')) > 0)
      return { orgId, channelId }
    }
    const [, { orgId, channelId }] = await Promise.all([fund(CHECKS_ORG), fund('org_team')])
    const { secret } = await createApiKey(deps, { orgId, name: 'team', expiresInDays: null })
    const team = { apiKey: secret, channelId }
    const processes: RunningProcess[] = []
    closing.push(() => Promise.all(processes.map((each) => each.stop(3_000))))
    const facts = { market, deployment, controlPlane, db, store, dir, agentApiUrl: api.url, witnessUrl, team }
    return { ...facts, processes, organisation, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Asks again until it holds. @throws Error naming what did not come about. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 300_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`within ${limitMs / 1_000} s it did not come about that ${what}`)
    await sleep(200)
  }
}

interface Parts {
  market: Marketplace
  deployment: Deployment
  store: Store
  redis: Redis
  witnessUrl: string
}

/** As the web app puts it together. */
function controlPlaneDeps({ market, deployment, store, redis, witnessUrl }: Parts): ControlPlaneDeps {
  const { addresses, chainId, params } = deployment
  const lower = (address: string) => address.toLowerCase() as Hex
  return {
    store,
    live: redisLiveState(redis),
    stream: redisControlStream(redis),
    clock: systemClock,
    leaseBudget: redisLeaseBudget(redis),
    chain: {
      chainId,
      rpcUrl: market.info.chainRpcUrl,
      usdc: lower(addresses.token),
      channels: lower(addresses.channels),
      registry: lower(addresses.registry),
      anchor: lower(addresses.anchor),
      vault: lower(addresses.vault),
      operatorAddress: addressOfKey(developmentKeys[0]),
      managedOwnerAddress: addressOfKey(developmentKeys[2]),
      feeBps: params.feeBps,
    },
    gatewayUrls: [market.info.gatewayUrl],
    witnessUrls: [witnessUrl],
  }
}

/** By an id of the caller's choice, which the worker was told before there was a database. */
async function insertOrganisation(store: Store, db: Db, id: string) {
  const userId = `user_of_${id}`
  await db.user.create({ data: { id: userId, name: id, email: `${id}@isochrone.test` } })
  await store.transaction(async (tx) => {
    const organisation = { id, name: id, slug: id.replaceAll('_', '-'), memberId: `mem_${id}` }
    await tx.accounts.insertOrganisation({ ...organisation, userId, formKey: null })
    await recordControlChange(tx.control, { orgIds: [id] })
  })
  return { orgId: id, userId }
}
