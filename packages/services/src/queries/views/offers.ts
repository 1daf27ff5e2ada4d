/** What anyone may see of offers: the searchable list, places, an offer's history, a provider. */
import type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'
import type { OfferSortColumn } from '../../ports/offer-store.ts'
import type { SettlementStage } from './common.ts'

export type OfferSortBy = OfferSortColumn

/** How a list of offers is narrowed and sorted. All in the URL of the page. */
export interface OfferQuery {
  q?: string | undefined
  model?: string | undefined
  region?: string | undefined
  /** An ISO 3166-1 alpha-2 code, or `EU` for any member state. */
  residency?: string | undefined
  gpuClass?: string | undefined
  gpusMin?: number | undefined
  memoryGibMin?: number | undefined
  /** At least so well known. */
  trust?: TrustLevel | undefined
  /** At least so strict. */
  dataPolicy?: DataPolicy | undefined
  tier?: Tier | undefined
  providerId?: string | undefined
  liveOnly?: boolean | undefined
  /** May be leased by the GPU hour. */
  leasableOnly?: boolean | undefined
  /** Without simulated nodes. */
  realOnly?: boolean | undefined
  outMicroUsdMax?: bigint | undefined
  ttftP95MsMax?: number | undefined
  /** The name of the witness that round trips are measured from. */
  from?: string | undefined
  /** From that witness. */
  rttMsMax?: number | undefined
  sort?: OfferSortColumn | undefined
  /** The other way than the column's own: dear first, slow first. */
  reversed?: boolean | undefined
  cursor?: string | undefined
  limit?: number | undefined
}

/** Of the newest answers of a day, by their receipts. */
export interface MeasuredByReceipts {
  ttftP50Ms: number | null
  ttftP95Ms: number | null
  /** Of one stream, output. */
  tokensPerSecond: number | null
  /** All that was billed for each million tokens of accepted answers: with retries, bytes and failures. */
  effectiveMicroUsdPerMtok: bigint | null
  samples: number
  measuredAtMs: number | null
}

export interface OfferListItem extends MeasuredByReceipts {
  id: string
  nodeId: string
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
  /** Null: nothing to lease. */
  gpuHourMicroUsd: bigint | null
  listedAtMs: number
  /** Read now. */
  live: boolean
  /** Read now. Null: it offers none, or takes no new leases. */
  forLease: GpusForLease | null
  freeSlots: number | null
  slots: number | null
  /** Between its gateway and the node, ms. */
  rttMs: number | null
  simulatedRttMs: number | null
  /** From the witness that was asked for; null without one, and where it has not measured the node of late. */
  witnessRtt: WitnessRtt | null
}

/** GPUs of a node that may be leased, and those of them that no lease has. */
export interface GpusForLease {
  gpus: number
  free: number
}

/** The fastest of a witness's round trips to a node, as it signed it. */
export interface WitnessRtt {
  witness: string
  rttMs: number
  /** Through the delay shim, or from a place that is made up. */
  simulated: boolean
  measuredAtMs: number
}

/** All that a witness signed of its echoes to a node. */
export interface WitnessEchoes extends WitnessRtt {
  /** Mean difference of neighbouring round trips; null where a witness said nothing of it. */
  jitterMs: number | null
  sent: number | null
  lost: number | null
}

/** A measuring point that offers can be looked at from. */
export interface WitnessFacet {
  name: string
  /** Where a browser may measure its own distance to it. */
  url: string
  simulated: boolean
  /** Nodes on the market that it has measured. */
  nodes: number
}

/** The newest verdict of one kind, what it was judged by, and what would change it. */
export interface OfferVerdict extends PastVerdict {
  /** JSON, as far as it may be shown to anybody, and cut where it is long. */
  inputs: string
}

/** One that another came after. */
export interface PastVerdict {
  kind: string
  verdict: 'valid' | 'invalid' | 'unverifiable'
  finding: string
  fix: string | null
  simulated: boolean
  checkedAtMs: number
  validUntilMs: number
}

export interface OfferPage {
  items: OfferListItem[]
  nextCursor: string | null
  /** Of all pages. */
  total: number
  live: number
}

export interface FacetValue {
  value: string
  offers: number
}

export interface OfferFacets {
  models: FacetValue[]
  regions: FacetValue[]
  countries: FacetValue[]
  gpuClasses: FacetValue[]
  witnesses: WitnessFacet[]
}

export interface OfferPlace {
  region: string
  country: string
  offers: number
  live: number
  outMicroUsdMin: bigint
  ttftP50Ms: number | null
}

/** What was asked for, whatever was found in it: the beginnings of the first and of the last hour or day. */
export interface HoursSpan {
  fromMs: number
  toMs: number
}

/** What a node did in an hour. */
export interface OfferHour {
  atMs: number
  attempts: number
  faults: number
  ttftP50Ms: number | null
  ttftP95Ms: number | null
  tokensPerSecond: number | null
  tokensOut: bigint
  priceMicroUsd: bigint
}

export interface OfferHistory extends MeasuredByReceipts {
  /** Hours with receipts, oldest first, of the last seven days. */
  hours: OfferHour[]
  span: HoursSpan
  /** Receipts of the last day by how far their money has come. */
  standing: { stage: SettlementStage; receipts: number; microUsd: bigint }[]
  /** Its newest performance records. */
  records: OfferRecord[]
  promises: OfferPromises | null
  verdicts: OfferVerdict[]
  /** Those before them, newest first, a few of each kind. */
  earlierVerdicts: PastVerdict[]
  witnesses: WitnessEchoes[]
}

export interface OfferRecord {
  lane: string
  epoch: number
  status: 'signed' | 'reported' | 'challenged' | 'final' | 'invalid'
  attempts: number
  faults: number
  earnedMicroUsd: bigint
}

/** The SLO as the terms state it; 0 is no promise. */
export interface OfferPromises {
  ttftBaseMs: number
  ttftPerKtokMs: number
  tpotUs: number
  concurrencyMax: number
  penaltyBps: number
  sloRegion: string | null
  /** Of a leased GPU; 0n: none to lease. */
  perGpuHourMicroUsd: bigint
}

export interface PublicProvider {
  providerId: string
  name: string
  registeredTx: string | null
  createdAtMs: number
  offers: number
  live: number
  /** Of seven days, by receipts. */
  attempts: number
  faults: number
  tokensOut: bigint
  earnedMicroUsd: bigint
  /** Paid out on the chain, lifetime, net of the fee. */
  paidNetMicroUsd: bigint
  hours: { atMs: number; attempts: number; faults: number; tokensOut: bigint }[]
  span: HoursSpan
  records: (OfferRecord & { nodeId: string })[]
}

/** A team's usage in an hour or a day. */
export interface UsagePoint {
  atMs: number
  model: string
  requests: number
  failed: number
  tokensIn: bigint
  tokensCached: bigint
  tokensOut: bigint
  priceMicroUsd: bigint
  ttftMeanMs: number | null
}

export interface UsageView {
  by: 'hour' | 'day'
  span: HoursSpan
  points: UsagePoint[]
}
