/** What the worker's rounds are made with. */
import type { Store } from '@isochrone/db'
import type { Logger } from '@isochrone/runtime'
import type { CorrectDeps, JobQueue, LeaseQueue, RedisCommands, WatchDeps, WebhookQueue } from '@isochrone/services'
import type { createChain } from '../chain/create-chain.ts'

export interface WorkerRoundsOptions {
  store: Store
  chain: ReturnType<typeof createChain>
  redis: RedisCommands
  queue: JobQueue
  webhooks: WebhookQueue
  gateways: WatchDeps['gateways'] & CorrectDeps['gateways']
  /** Where the files of epochs are fetched from, as anybody would. */
  gatewayUrls: readonly string[]
  /** Nodes that give out their copies of them. */
  mirrorUrls: readonly string[]
  /** For which an epoch's file must have been missed before it is disputed, s; half of the time to file when left out. */
  withheldAfterS: number | undefined
  leases: LeaseQueue
  /** Between two readings of a lease, ms. */
  meterMs: number
  /** Of lanes, as gateways have it, ms. */
  epochMs: number
  /** Ships the control outbox after a round that wrote to it. */
  publishControl: () => Promise<void>
  logger: Logger
}

/** Rounds come more often there: somebody waits, and blocks cost nothing. */
export const isDevelopment = ({ chain }: Pick<WorkerRoundsOptions, 'chain'>): boolean =>
  chain.reader.deployment.chainId === DEVELOPMENT_CHAIN_ID

const DEVELOPMENT_CHAIN_ID = 31_337
