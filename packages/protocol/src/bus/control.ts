/**
 * What gateways know of the world: keys, organisations with their channels, nodes with their terms, each other.
 *
 * Services write each change as a numbered event; a gateway applies them in order and reloads everything on a gap.
 * Every event carries the whole new state of its subject, so applying one twice changes nothing.
 */
import { budgetPeriods } from '@isochrone/domain'
import { z } from 'zod'

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const microUsd = z.string().regex(/^\d{1,30}$/)

export const pricesJson = z.object({
  inMicroUsdPerMtok: microUsd,
  cachedMicroUsdPerMtok: microUsd,
  outMicroUsdPerMtok: microUsd,
  inMicroUsdPerGb: microUsd,
  outMicroUsdPerGb: microUsd,
})
export type PricesJson = z.infer<typeof pricesJson>

/** What a key may spend in each period; gateways lease it in pieces, see `redisKeys.keyBudget`. */
export const keyBudget = z.object({
  period: z.enum(budgetPeriods),
  microUsd,
  /** Grows with each change by its organisation. */
  version: z.int().min(0),
})
export type KeyBudget = z.infer<typeof keyBudget>

export const apiKeyState = z.object({
  kind: z.literal('api-key'),
  keyId: z.string(),
  /** What its organisation calls it. */
  name: z.string().nullish(),
  /** SHA-256 of the secret, base64url without padding. The secret itself is stored nowhere. */
  keyHash: z.string(),
  orgId: z.string(),
  enabled: z.boolean(),
  /** Milliseconds since the epoch, null = never. */
  expiresAtMs: z.number().nullable(),
  /** Limits of this key alone; null or absent = none. */
  requestsPerMinuteMax: z.int().min(0).nullish(),
  tokensPerMinuteMax: z.int().min(0).nullish(),
  /** Null or absent = none of its own. */
  budget: keyBudget.nullish(),
})

export const organisationState = z.object({
  kind: z.literal('organisation'),
  orgId: z.string(),
  name: z.string(),
  /** The channel that pays, null until one exists. */
  channelId: bytes32.nullable(),
  requestsPerMinuteMax: z.int().min(0),
  concurrentRequestsMax: z.int().min(0),
  /** Null or absent = no limit. */
  tokensPerMinuteMax: z.int().min(0).nullish(),
  /** Routing policy of requests that say nothing else, in the API's own words (`max_price`, `regions`, …). */
  routing: z.record(z.string(), z.unknown()).default({}),
})

/** How well a hardware fact is known; a later level includes the earlier ones. */
export const trustLevel = z.enum(['claimed', 'challenged', 'attested'])
/** What a provider promises to do with prompts; a later level includes the earlier ones. */
export const dataPolicy = z.enum(['any', 'no_training', 'no_retention'])
export const tier = z.enum(['edge', 'regional', 'cloud'])

export const nodeState = z.object({
  kind: z.literal('node'),
  nodeId: bytes32,
  /** Human id, `node_…`. */
  id: z.string(),
  name: z.string(),
  providerId: bytes32,
  providerName: z.string(),
  providerOrgId: z.string(),
  active: z.boolean(),
  /** A check of it has failed: it takes no new requests but those of its checks, and no new leases. */
  barred: z.boolean().optional(),
  termsHash: bytes32,
  /** `Terms` as it is signed into the hash, and the document behind `documentHash`: both go into epoch files. */
  terms: z.record(z.string(), z.union([z.string(), z.number()])),
  termsDocument: z.record(z.string(), z.unknown()),
  prices: pricesJson,
  region: z.string(),
  /** What shares its fate: alternates come from another one. */
  failureDomain: z.string(),
  /** ISO 3166-1 alpha-2, for residency. */
  country: z.string(),
  simulated: z.boolean(),
  /** `H200`, `B200`, `CPU`, … */
  gpuClass: z.string().max(40).default('CPU'),
  trust: trustLevel.default('claimed'),
  dataPolicy: dataPolicy.default('any'),
  tier: tier.default('regional'),
})

/** A gateway that introduced itself: where it answers, and where it stands. Whether its key may sign is the chain's word. */
export const gatewayState = z.object({
  kind: z.literal('gateway'),
  lane: bytes32,
  url: z.string(),
  region: z.string(),
  /** ISO 3166-1 alpha-2; empty = not said. */
  country: z.string(),
})

/** A lease as gateways must know it: whose it is, and which node serves it. */
export const leaseState = z.object({
  kind: z.literal('lease'),
  /** `lease_…`: the name that its requests ask for as model. */
  leaseId: z.string(),
  orgId: z.string(),
  model: z.string(),
  /** Null while it has none. */
  nodeId: bytes32.nullable(),
  /** False once it is over, or about to be: then it does not exist. */
  active: z.boolean(),
})

export const controlState = z.discriminatedUnion('kind', [
  apiKeyState,
  organisationState,
  nodeState,
  gatewayState,
  leaseState,
])
export type LeaseState = z.infer<typeof leaseState>
export type ApiKeyState = z.infer<typeof apiKeyState>
export type OrganisationState = z.infer<typeof organisationState>
export type GatewayState = z.infer<typeof gatewayState>
export type NodeState = z.infer<typeof nodeState>
export type ControlState = z.infer<typeof controlState>

/** `version` grows by exactly one from event to event. */
export interface ControlEvent {
  version: number
  state: ControlState
}

/** All of it at one version, from one database snapshot. */
export interface ControlSnapshot {
  version: number
  states: ControlState[]
}
