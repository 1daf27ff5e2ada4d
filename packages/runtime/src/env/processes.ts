/**
 * One environment schema for each kind of process, built from the shared pieces.
 *
 * A process reads its environment once, at start: `const env = loadEnv(gatewayEnv)`.
 */
import { z } from 'zod'
import {
  chain,
  common,
  dataDir,
  epochFiles,
  gatewayServer,
  gatewayUrls,
  internalToken,
  leases,
  managedWalletKey,
  operatorKey,
  opsPort,
  publicChain,
  storage,
  storePlace,
  tracing,
  webServer,
  verification,
  windows,
  witnessServer,
  witnessToken,
  witnessUrls,
} from './pieces.ts'

export const gatewayEnv = z.object({
  ...common,
  ...storage,
  ...chain,
  ...windows,
  ...dataDir,
  ...internalToken,
  ...gatewayServer,
  ...storePlace,
  ...opsPort,
  ...tracing,
})

export const workerEnv = z.object({
  ...common,
  ...storage,
  ...chain,
  ...windows,
  ...leases,
  ...dataDir,
  ...internalToken,
  ...gatewayUrls,
  ...epochFiles,
  ...operatorKey,
  ...managedWalletKey,
  ...opsPort,
  ...witnessUrls,
  /** Only where there are witnesses. */
  WITNESS_TOKEN: witnessToken.WITNESS_TOKEN.optional(),
  ...verification,
})

export const webEnv = z.object({
  ...common,
  ...storage,
  ...chain,
  ...publicChain,
  ...windows,
  ...internalToken,
  ...gatewayUrls,
  ...operatorKey,
  ...managedWalletKey,
  ...webServer,
  ...storePlace,
  ...witnessUrls,
})

/** The agent takes most of its settings from its command line; the environment fills what that leaves out. */
export const agentEnv = z.object({
  ...common,
  DATA_DIR: dataDir.DATA_DIR.optional(),
  GATEWAY_URLS: gatewayUrls.GATEWAY_URLS.optional(),
  ...witnessUrls,
  /** A program of the operator's own that answers int8 challenges. */
  MATMUL_HELPER: z.string().min(1).optional(),
  ...opsPort,
  ...tracing,
})

/** A measuring point: it has no database, no chain and no other secret than its own. */
export const witnessEnv = z.object({ ...common, ...witnessServer, ...witnessToken })

/** What tools (migrations, seed, close epoch) need beside their flags. */
export const toolEnv = z.object({
  ...common,
  ...storage,
  ...chain,
  ...windows,
  ...internalToken,
  ...gatewayUrls,
  ...operatorKey,
  ...managedWalletKey,
  GATEWAY_KEY: gatewayServer.GATEWAY_KEY,
  AUTH_SECRET: webServer.AUTH_SECRET,
  WEB_URL: webServer.WEB_URL,
})

/** What tests are told from outside. */
export const testEnv = z.object({
  ...common,
  /** The chain of tests that ask for none of their own: that of development, or one that differs in all that is configuration. */
  TEST_CHAIN: z.enum(['development', 'second']).default('development'),
})

/** Services that a person may bring along; absent means that `packages/local-stack` starts its own. */
export const externalServicesEnv = z.object({
  DATABASE_URL: storage.DATABASE_URL.optional(),
  REDIS_URL: storage.REDIS_URL.optional(),
  CHAIN_RPC_URL: chain.CHAIN_RPC_URL.optional(),
  CHAIN_PUBLIC_RPC_URL: publicChain.CHAIN_PUBLIC_RPC_URL,
  CHROMIUM_PATH: z.string().optional(),
  ISOCHRONE_ROOT: z.string().optional(),
})

export type GatewayEnv = z.infer<typeof gatewayEnv>
export type WorkerEnv = z.infer<typeof workerEnv>
export type WebEnv = z.infer<typeof webEnv>
export type WitnessEnv = z.infer<typeof witnessEnv>
export type AgentEnv = z.infer<typeof agentEnv>
export type ToolEnv = z.infer<typeof toolEnv>
export type ExternalServicesEnv = z.infer<typeof externalServicesEnv>
