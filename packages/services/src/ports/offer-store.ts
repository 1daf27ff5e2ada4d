/** What the marketplace's search and its upkeep need of the database. */
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'

export type OfferSortColumn =
  | 'price'
  | 'price_in'
  | 'effective'
  | 'gpu_hour'
  | 'latency'
  | 'latency_p95'
  | 'throughput'
  | 'gpus'
  | 'memory'
  | 'free'
  | 'newest'
  | 'rtt'

export interface OfferSearchInput {
  words: readonly string[]
  model: string | null
  region: string | null
  countries: readonly string[] | null
  gpuClass: string | null
  gpusMin: number | null
  memoryMibMin: number | null
  trusts: readonly TrustLevel[] | null
  dataPolicies: readonly DataPolicy[] | null
  tier: Tier | null
  providerId: string | null
  liveOnly: boolean
  leasableOnly: boolean
  realOnly: boolean
  outMicroUsdMax: bigint | null
  ttftP95MsMax: number | null
  /** The name of the witness that round trips are those of; null: nobody asks for them. */
  from: string | null
  /** Those that were measured before it are not known any more. */
  rttSince: Date
  rttMsMax: number | null
}

export interface OfferPageKey {
  offline: number
  value: number
  id: string
}

export interface StoredOfferRow {
  nodeId: string
  id: string
  name: string
  providerId: string
  providerName: string
  region: string
  country: string
  tier: Tier
  dataPolicy: DataPolicy
  trust: TrustLevel
  gpuClass: string
  hardware: string
  gpuCount: number
  memoryMib: number
  simulated: boolean
  models: string[]
  inMicroUsdPerMtok: bigint
  outMicroUsdPerMtok: bigint
  gpuHourMicroUsd: bigint | null
  termsHash: string
  listedAt: Date
  live: boolean
  freeSlots: number | null
  slots: number | null
  ttftP50Ms: number | null
  ttftP95Ms: number | null
  tokensPerSecond: number | null
  effectiveMicroUsdPerMtok: bigint | null
  samples: number
  measuredAt: Date | null
}

/** A round trip from the witness that was asked for; null where it has none of this node. */
export interface StoredRtt {
  rttUs: number | null
  rttSimulated: boolean | null
  rttMeasuredAt: Date | null
}

export interface WitnessRow {
  name: string
  url: string
  simulated: boolean
  /** Nodes on the market that it has a round trip to. */
  nodes: number
}

export interface NodeHourRow {
  hour: Date
  attempts: number
  faults: number
  ttftP50Ms: number | null
  ttftP95Ms: number | null
  tokensPerSecond: number | null
  tokensIn: bigint
  tokensOut: bigint
  priceMicroUsd: bigint
}

export interface UsageRow {
  at: Date
  model: string
  requests: number
  failed: number
  tokensIn: bigint
  tokensCached: bigint
  tokensOut: bigint
  priceMicroUsd: bigint
  ttftSumMs: number
  ttftCount: number
}

export interface NewestRecordRow {
  nodeId: string
  lane: string
  epoch: bigint
  status: 'signed' | 'reported' | 'challenged' | 'final' | 'invalid'
  attempts: number
  faults: number
  earnedMicroUsd: bigint
}

export interface VerdictRow {
  kind: string
  verdict: 'valid' | 'invalid' | 'unverifiable'
  finding: string
  fix: string | null
  simulated: boolean
  checkedAt: Date
  validUntil: Date
}

export interface OfferStore {
  search(
    search: OfferSearchInput,
    page: { sort: OfferSortColumn; descending: boolean; after: OfferPageKey | null; limit: number },
  ): Promise<
    (StoredOfferRow & StoredRtt & { sortOffline: number; sortValue: number; total: number; liveTotal: number })[]
  >
  count(search: OfferSearchInput): Promise<{ offers: number; live: number }>
  places(
    search: OfferSearchInput,
    limit: number,
  ): Promise<
    {
      region: string
      country: string
      offers: number
      live: number
      outMicroUsdMin: bigint
      ttftP50Ms: number | null
    }[]
  >
  facets(
    limit: number,
  ): Promise<{ facet: 'model' | 'region' | 'country' | 'gpuClass'; value: string; offers: number }[]>
  /** Those that have measured a node on the market since then, by name. */
  witnesses(since: Date, limit: number): Promise<WitnessRow[]>
  offer(id: string): Promise<StoredOfferRow | null>
  nodeHours(nodeId: string, since: Date, limit: number): Promise<NodeHourRow[]>
  providerHours(
    providerId: string,
    since: Date,
  ): Promise<{ hour: Date; attempts: number; faults: number; tokensOut: bigint; priceMicroUsd: bigint }[]>
  receiptStanding(
    nodeId: string,
    now: Date,
    limit: number,
  ): Promise<{ stage: string; receipts: number; microUsd: bigint }[]>
  /** The newest verdict of each kind. */
  newestVerdicts(nodeId: string): Promise<(VerdictRow & { inputs: unknown })[]>
  /** The witnesses' reports behind each node's newest verdict on its region. */
  witnessReports(nodeIds: readonly string[]): Promise<{ nodeId: string; reports: unknown }[]>
  /** The last check of a node's region before that time, and the first after it: none, one or two. */
  regionChecksAround(
    nodeId: string,
    at: Date,
  ): Promise<{ checkedAt: Date; verdict: VerdictRow['verdict']; finding: string; inputs: unknown }[]>
  /** Newest epochs first: of one node, or of a provider's. */
  newestRecords(of: { nodeId?: string; providerId?: string; limit: number }): Promise<NewestRecordRow[]>
  usage(orgId: string, since: Date, by: 'hour' | 'day'): Promise<UsageRow[]>
}

export interface OfferUpkeepStore {
  projectOffers(changedSince: Date): Promise<number>
  markLive(
    rows: readonly { nodeId: string; freeSlots: number; slots: number; models: string[]; simulated: boolean }[],
  ): Promise<number>
  countHours(from: Date): Promise<void>
  forgetHours(before: Date): Promise<void>
  measureOffers(now: Date, limit: number): Promise<number>
  forgetFigures(measuredBefore: Date): Promise<number>
}
