/**
 * What the supervisor hands to the seed, and what it expects back. The seed runs at every start and changes nothing
 * that is already there.
 */
import type { DemoNode } from './demo-nodes.ts'
import type { SignIn } from './instance-file.ts'

export interface SeedContext {
  readonly dataDir: string
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly chainRpcUrl: string
  readonly deploymentFile: string
  readonly webUrl: string
  readonly gatewayUrl: string
  /** The environment of tools, for `loadEnv(toolEnv, ctx.env)`. */
  readonly env: Readonly<Record<string, string>>
  /** The demo nodes with their keys, which the seed admits. */
  readonly nodes: readonly (DemoNode & { readonly privateKey: `0x${string}`; readonly address: `0x${string}` })[]
}

export interface SeedResult {
  /** The demo team's API key, the same at every start on the same data. */
  readonly apiKey: string
  readonly signIns: readonly SignIn[]
}

export type Seed = (ctx: SeedContext) => Promise<SeedResult>
