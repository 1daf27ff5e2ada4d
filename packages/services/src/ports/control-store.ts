/** What control needs of the database. `db`'s control repository fits it. */
import type { BudgetPeriod } from '@isochrone/domain'
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'

export interface ApiKeyRow {
  keyId: string
  name?: string | null
  keyHash: string
  orgId: string
  enabled: boolean
  expiresAtMs: number | null
  requestsPerMinuteMax?: number | null
  tokensPerMinuteMax?: number | null
  budget?: { period: BudgetPeriod; microUsd: string; version: number } | null
}

export interface OrganisationRow {
  orgId: string
  name: string
  channelId: string | null
  requestsPerMinuteMax: number
  concurrentRequestsMax: number
  tokensPerMinuteMax?: number | null
  /** Default routing policy as it was saved. */
  routing: unknown
}

export interface NodeRow {
  nodeId: string
  id: string
  name: string
  providerId: string
  providerName: string
  providerOrgId: string
  active: boolean
  /** A check of it has failed. */
  barred: boolean
  termsHash: string
  /** Signed fields; `{}` for terms from before prices were signed. */
  terms: unknown
  termsDocument: unknown
  region: string
  country: string
  failureDomain: string
  simulated: boolean
  tier: Tier
  dataPolicy: DataPolicy
  trust: TrustLevel
  gpuClass: string
}

export interface GatewayRow {
  lane: string
  url: string
  region: string
  country: string
}

export interface LeaseStateRow {
  leaseId: string
  orgId: string
  model: string
  /** Null while no node serves it. */
  nodeId: string | null
  active: boolean
}

export interface ControlStore {
  append(states: readonly object[]): Promise<number>
  version(): Promise<number>
  apiKeys(ids?: readonly string[]): Promise<ApiKeyRow[]>
  organisations(ids?: readonly string[]): Promise<OrganisationRow[]>
  nodes(nodeIds?: readonly string[]): Promise<NodeRow[]>
  gateways(lanes?: readonly string[]): Promise<GatewayRow[]>
  /** All that are served or are about to be again, or those named. */
  leaseStates(ids?: readonly string[]): Promise<LeaseStateRow[]>
}

export interface ControlOutbox {
  unpublished(limit: number): Promise<{ version: number; state: unknown }[]>
  markPublished(upToVersion: number): Promise<void>
}

/** A store that can show one moment: several reads that agree. */
export interface ControlSnapshotSource {
  snapshot<T>(work: (tx: { control: ControlStore }) => Promise<T>): Promise<T>
}

/** The stream that gateways follow. */
export interface ControlStream {
  /** Adds an event under `<version>-0`; a version that is there already, or older than the last one, changes nothing. */
  add(version: number, state: unknown): Promise<void>
}
