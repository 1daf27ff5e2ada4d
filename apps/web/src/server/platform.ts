/**
 * What the web process holds while it lives: environment, database, Redis, chain, sign-in and the control plane. Built on
 * first use, never at build time, and once per process: Next may evaluate modules several times, so it hangs on global.
 */
import {
  createAuth,
  createFileUpload,
  createPlaygroundRelay,
  type Auth,
  type FileUpload,
  type PlaygroundRelay,
} from '@isochrone/api'
import {
  createChainClient,
  disputeDesk,
  isSignatureBy,
  readDeployment,
  type Deployment,
  type SignedDigest,
} from '@isochrone/contracts-client'
import { createDb, createStore, sayBusy } from '@isochrone/db'
import { AppError, systemClock } from '@isochrone/domain'
import { addressOfKey, payoutKeyOf, redisKeys } from '@isochrone/protocol'
import { createLogger, loadEnv, webEnv, type Logger, type WebEnv } from '@isochrone/runtime'
import { openQueueReader } from '@isochrone/runtime/wake-queue'
import {
  createControlPlane,
  redisControlStream,
  publishKeyBudgets,
  redisLeaseBudget,
  redisLiveState,
  type ChainFacts,
  type ControlPlane,
} from '@isochrone/services'
import { Redis } from 'ioredis'
import type { Hex, PublicClient } from 'viem'
import { poolDesk } from './pool-desk.ts'

export interface Platform {
  env: WebEnv
  logger: Logger
  deployment: Deployment
  chainClient: PublicClient
  controlPlane: ControlPlane
  auth: Auth
  /** Holds the keys that it lends, so there is one for the whole process. */
  playground: PlaygroundRelay
  /** Counts what arrives at a time, so there is one too. */
  fileUpload: FileUpload
  /** Answers when Postgres and Redis do. */
  ping(): Promise<void>
}

const REDIS_COMMAND_TIMEOUT_MS = 2_000
/** Nobody at a page waits longer than this for a row that others hold: they are told to try again. */
const LOCK_WAIT_MS_MAX = 10_000
/** Longer than an attempt of a job takes. */
const CANCELLED_KEPT_S = 900
/** In the order of their pages: what teams wait for, what nodes wait for, what comes by itself. */
const QUEUES = [
  redisKeys.queueInference,
  redisKeys.queueBatches,
  redisKeys.queueBatchLines,
  redisKeys.queueLeases,
  redisKeys.queueWebhooks,
  redisKeys.queueVerification,
  redisKeys.queueRounds,
]
const holder = globalThis as typeof globalThis & { isochronePlatform?: Promise<Platform> }

/** The platform of this process. A build that failed is tried again by the next caller. */
export function platform(): Promise<Platform> {
  holder.isochronePlatform ??= createPlatform().catch((error: unknown) => {
    delete holder.isochronePlatform
    throw error
  })
  return holder.isochronePlatform
}

async function createPlatform(): Promise<Platform> {
  const env = loadEnv(webEnv)
  const logger = createLogger('web', env.LOG_LEVEL)
  const deployment = await readDeployment(env.DEPLOYMENT_FILE)
  if (!deployment) {
    throw new AppError('chain_unavailable', {
      publicMessage: 'The contracts are not deployed yet. Try again in a moment.',
    })
  }
  const db = createDb(env.DATABASE_URL, { lockWaitMsMax: LOCK_WAIT_MS_MAX })
  const store = sayBusy(createStore(db))
  const redis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: 1, commandTimeout: REDIS_COMMAND_TIMEOUT_MS })
  // Without a listener a lost connection would end the process; ioredis connects again by itself.
  redis.on('error', (error) => logger.warn({ err: error }, 'redis does not answer'))
  const chainClient = createChainClient(env.CHAIN_RPC_URL)
  const reader = { publicClient: chainClient, deployment }
  const signedBy = (asked: SignedDigest) => isSignatureBy(reader, asked)
  const queues = openQueueReader({ redisUrl: env.REDIS_URL, names: QUEUES, logger })
  const controlPlane = createControlPlane({
    store,
    live: redisLiveState(redis),
    stream: redisControlStream(redis),
    clock: systemClock,
    leaseBudget: redisLeaseBudget(redis),
    tellKeyBudgets: (keyIds) => publishKeyBudgets({ ...store, redis, clock: systemClock }, { keyIds }),
    chain: chainFacts(env, deployment),
    isSignatureBy: signedBy,
    // Real money that is paid there could not be paid on yet.
    ...(deployment.codeHashes.token !== null && {
      managedPayoutAddressOf: (providerId) =>
        addressOfKey(payoutKeyOf({ walletKey: env.MANAGED_WALLET_KEY, providerId })),
    }),
    disputes: disputeDesk(reader),
    pools: poolDesk(reader),
    gatewayUrls: env.GATEWAY_URLS,
    witnessUrls: env.WITNESS_URLS,
    webPlace: { country: env.WEB_COUNTRY, region: env.WEB_REGION },
    storePlace: { country: env.STORE_COUNTRY, region: env.STORE_REGION },
    readQueues: () => queues.read(),
    announceCancelled: async (jobId) =>
      void (await redis.set(redisKeys.jobCancelled(jobId), '1', 'EX', CANCELLED_KEPT_S)),
  })
  const auth = createAuth({
    prisma: db,
    accounts: controlPlane.accounts,
    secret: env.AUTH_SECRET,
    webUrl: env.WEB_URL,
    // People name their organisation themselves: on the sign-up form, or on the page that follows a wallet's sign-in.
    organisationForNewUsers: false,
    contractWallets: { chainId: deployment.chainId, isSignatureBy: signedBy },
  })
  const playground = createPlaygroundRelay({ controlPlane, clock: systemClock })
  const fileUpload = createFileUpload({
    controlPlane,
    report: ({ code, owner, cause }, requestId) =>
      logger[owner === 'client' ? 'info' : 'error']({ requestId, code, err: cause }, 'an upload failed'),
  })
  const ping = async () => {
    await Promise.all([db.$queryRaw`SELECT 1`, redis.ping()])
  }
  return { env, logger, deployment, chainClient, controlPlane, auth, playground, fileUpload, ping }
}

/** Where a page in a browser asks the chain. Never our own endpoint, whose address may hold a key. */
export function browserRpcUrl(env: WebEnv): string {
  return env.CHAIN_PUBLIC_RPC_URL ?? `${env.WEB_URL.replace(/\/$/, '')}/api/chain`
}

function chainFacts(env: WebEnv, { chainId, addresses, params }: Deployment): ChainFacts {
  const lower = (address: string) => address.toLowerCase() as Hex
  return {
    chainId,
    rpcUrl: browserRpcUrl(env),
    usdc: lower(addresses.token),
    channels: lower(addresses.channels),
    registry: lower(addresses.registry),
    anchor: lower(addresses.anchor),
    vault: lower(addresses.vault),
    operatorAddress: addressOfKey(env.OPERATOR_KEY),
    managedOwnerAddress: addressOfKey(env.MANAGED_WALLET_KEY),
    feeBps: params.feeBps,
  }
}
