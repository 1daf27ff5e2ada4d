/**
 * The demonstration's people, provider, nodes, balance and key. Runs at every start; what is there already stays as it is.
 *
 * It writes rows through the same services as the web app and signs nothing but node proofs: registering, admitting and
 * depositing on the chain is the worker's business, as it is for everybody else. Production refuses it.
 */
import { createAuth } from '@isochrone/api'
import { readDeployment } from '@isochrone/contracts-client'
import { createDb, createStore, type Db } from '@isochrone/db'
import { newId, payoutMessage, systemClock } from '@isochrone/domain'
import { addressOfKey, type Hex } from '@isochrone/protocol'
import { childEnv, developmentKeys, loadEnv, toolEnv, type ToolEnv } from '@isochrone/runtime'
import {
  createControlPlane,
  redisControlStream,
  publishKeyBudgets,
  redisLeaseBudget,
  redisLiveState,
  type ControlPlaneDeps,
} from '@isochrone/services'
import { Redis } from 'ioredis'
import { privateKeyToAccount } from 'viem/accounts'
import { ensureApiKey } from './seed/api-key.ts'
import { ensureNodes } from './seed/nodes.ts'
import { ensureOrganisation, ensureUser, type DemoUser } from './seed/people.ts'
import type { Seed, SeedContext } from './seed-types.ts'
import { StartError } from './start-error.ts'
import type { SeedParts } from './seed/seed-parts.ts'

export const demoPassword = 'isochrone-demo'

const people = {
  team: { role: 'team', email: 'team@isochrone.test', name: 'Demo team', password: demoPassword },
  provider: { role: 'provider', email: 'provider@isochrone.test', name: 'Demo provider', password: demoPassword },
  admin: { role: 'admin', email: 'admin@isochrone.test', name: 'Demo admin', password: demoPassword },
} satisfies Record<string, DemoUser & { role: string }>

const FUNDING_MICRO_USD = 100_000_000n
const STAKE_MICRO_USD = 1_000_000_000n
/** Account 3 of the development mnemonic is where the demo provider is paid. */
const PAYOUT_ACCOUNT = 3

export const seed: Seed = async (ctx) => {
  const env = loadEnv(toolEnv, childEnv(ctx.env))
  if (env.ISOCHRONE_ENVIRONMENT === 'production') {
    throw new StartError('The demo accounts have a published password: production does not make them.')
  }
  const db = createDb(ctx.databaseUrl, { connectionsMax: 4 })
  const redis = new Redis(ctx.redisUrl, { maxRetriesPerRequest: 2 })
  redis.on('error', () => {})
  try {
    return await seedAll(ctx, await partsOf(ctx, env, db, redis), env)
  } finally {
    redis.disconnect()
    await db.$disconnect()
  }
}

async function seedAll(ctx: SeedContext, parts: SeedParts, env: ToolEnv) {
  const { db, store, controlPlane, deps } = parts
  const auth = createAuth({
    prisma: db,
    accounts: controlPlane.accounts,
    secret: env.AUTH_SECRET,
    webUrl: ctx.webUrl,
    organisationForNewUsers: false,
  })
  const teamUserId = await ensureUser(store, auth, people.team)
  const providerUserId = await ensureUser(store, auth, people.provider)
  await store.accounts.setRole(await ensureUser(store, auth, people.admin), 'admin')

  const teamOrg = await ensureOrganisation(parts, { userId: teamUserId, name: 'Acme Research', slug: 'acme-research' })
  const providerOrg = await ensureOrganisation(parts, {
    userId: providerUserId,
    name: 'Northern Lights Compute',
    slug: 'northern-lights-compute',
  })
  const provider =
    (await store.providers.byOrg(providerOrg)) ??
    (await controlPlane.providers.create({
      orgId: providerOrg,
      name: 'Northern Lights Compute',
      ...(await signedPayout(providerOrg)),
    }))
  const providerId = 'providerId' in provider ? provider.providerId : provider.id
  // Without stake its nodes would take requests and no leases, as anybody's.
  if ((await controlPlane.providers.stake({ providerId })).length === 0) {
    // Test money of the platform's, because the worker registers this provider only later: a wallet in a browser puts up its own.
    const stake = { id: newId('stake'), providerId, microUsd: STAKE_MICRO_USD, requestedBy: providerUserId }
    await store.listings.insertStakeOrder(stake)
  }
  await ensureNodes(parts, deps, { providerId, userId: providerUserId, nodes: ctx.nodes })

  if (!(await store.funding.channelOfOrg(teamOrg))) {
    await controlPlane.funding.request({
      orgId: teamOrg,
      userId: teamUserId,
      microUsd: FUNDING_MICRO_USD,
      key: 'first-funds',
    })
  }
  const apiKey = await ensureApiKey(parts, deps, { orgId: teamOrg, dataDir: ctx.dataDir })
  const signIns = Object.values(people).map(({ role, email, password }) => ({ role, email, password }))
  return { apiKey, signIns }
}

/** As a wallet in a browser does. */
async function signedPayout(orgId: string): Promise<{ payoutAddress: Hex; payoutSignature: Hex }> {
  const wallet = privateKeyToAccount(developmentKeys[PAYOUT_ACCOUNT])
  const payoutAddress = wallet.address
  return {
    payoutAddress,
    payoutSignature: await wallet.signMessage({ message: payoutMessage({ orgId, payoutAddress }) }),
  }
}

async function partsOf(ctx: SeedContext, env: ToolEnv, db: Db, redis: Redis): Promise<SeedParts> {
  const deployment = await readDeployment(ctx.deploymentFile)
  if (!deployment) throw new StartError(`${ctx.deploymentFile} is missing: the contracts are not deployed.`)
  const { addresses, chainId, params } = deployment
  const lower = (address: string): Hex => address.toLowerCase() as Hex
  const store = createStore(db)
  const deps: ControlPlaneDeps = {
    store,
    live: redisLiveState(redis),
    stream: redisControlStream(redis),
    clock: systemClock,
    leaseBudget: redisLeaseBudget(redis),
    tellKeyBudgets: (keyIds) => publishKeyBudgets({ ...store, redis, clock: systemClock }, { keyIds }),
    chain: {
      chainId,
      rpcUrl: ctx.chainRpcUrl,
      usdc: lower(addresses.token),
      channels: lower(addresses.channels),
      registry: lower(addresses.registry),
      anchor: lower(addresses.anchor),
      vault: lower(addresses.vault),
      operatorAddress: addressOfKey(env.OPERATOR_KEY),
      managedOwnerAddress: addressOfKey(env.MANAGED_WALLET_KEY),
      feeBps: params.feeBps,
    },
    gatewayUrls: [ctx.gatewayUrl],
  }
  return { db, store, controlPlane: createControlPlane(deps), deps }
}
