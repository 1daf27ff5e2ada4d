/** What receipts and records say of one offer and of one provider over time. Public: it is what their names stand on. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { NodeHourRow, NewestRecordRow, VerdictRow } from '../ports/offer-store.ts'
import { termsOfStored } from '../providers/terms.ts'
import { publicInputs } from '../verification/public-inputs.ts'
import { measuredOf } from './offers.ts'
import { witnessRtts } from './witness-rtts.ts'
import type { SettlementStage } from './views/common.ts'
import type {
  HoursSpan,
  OfferHistory,
  OfferHour,
  OfferPromises,
  OfferRecord,
  PastVerdict,
  PublicProvider,
} from './views/offers.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'>

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const DAYS_SHOWN = 7
const RECORDS_SHOWN = 30
/** Of a kind, before its newest. */
export const EARLIER_VERDICTS = 5
const RECEIPTS_COUNTED_MAX = 20_000
const stageOrder: readonly SettlementStage[] = ['open', 'closed', 'anchored', 'claimed', 'settled']

/** `not_found` for a node that is unknown or was never admitted. */
export async function offerHistory({ store, clock }: Deps, { id }: { id: string }): Promise<OfferHistory> {
  const node = await store.providers.nodeById(id)
  if (!node || node.status !== 'active') {
    throw new AppError('not_found', { publicMessage: 'There is no such node on the marketplace.' })
  }
  const nowMs = clock.nowMs()
  const span = spanUntil(nowMs)
  const [offer, hours, standing, records, verdicts, earlier, reports] = await Promise.all([
    store.offers.offer(id),
    store.offers.nodeHours(node.nodeId, new Date(span.fromMs), DAYS_SHOWN * 24),
    store.offers.receiptStanding(node.nodeId, new Date(nowMs), RECEIPTS_COUNTED_MAX),
    store.offers.newestRecords({ nodeId: node.nodeId, limit: RECORDS_SHOWN }),
    store.offers.newestVerdicts(node.nodeId),
    store.verification.earlierChecks([node.nodeId], EARLIER_VERDICTS),
    store.offers.witnessReports([node.nodeId]),
  ])
  return {
    ...(offer ? measuredOf(offer) : notMeasured),
    hours: hours.map(hourView),
    span,
    standing: stageOrder.flatMap((stage) => {
      const row = standing.find((each) => each.stage === stage)
      return row ? [{ stage, receipts: row.receipts, microUsd: row.microUsd }] : []
    }),
    records: records.map(recordView),
    promises: promisesOf(node.terms),
    verdicts: verdicts.map((row) => ({ ...pastVerdict(row), inputs: publicInputs(row.kind, row.inputs) })),
    earlierVerdicts: earlier.map(pastVerdict),
    witnesses: witnessRtts(reports[0]?.reports),
  }
}

/** `not_found` for a provider that is unknown. */
export async function publicProvider({ store, clock }: Deps, { id }: { id: string }): Promise<PublicProvider> {
  const provider = await store.providers.byId(id)
  if (!provider) throw new AppError('not_found', { publicMessage: 'There is no such provider.' })
  const span = spanUntil(clock.nowMs())
  const [hours, paid, records, counted] = await Promise.all([
    store.offers.providerHours(id, new Date(span.fromMs)),
    store.providers.paid(id),
    store.offers.newestRecords({ providerId: id, limit: RECORDS_SHOWN }),
    store.offers.count({ ...everything, providerId: id }),
  ])
  return {
    providerId: provider.id,
    name: provider.name,
    registeredTx: provider.registeredTx,
    createdAtMs: provider.createdAt.getTime(),
    offers: counted.offers,
    live: counted.live,
    attempts: hours.reduce((sum, hour) => sum + hour.attempts, 0),
    faults: hours.reduce((sum, hour) => sum + hour.faults, 0),
    tokensOut: hours.reduce((sum, hour) => sum + hour.tokensOut, 0n),
    earnedMicroUsd: hours.reduce((sum, hour) => sum + hour.priceMicroUsd, 0n),
    paidNetMicroUsd: paid.netMicroUsd,
    hours: hours.map(({ hour, attempts, faults, tokensOut }) => ({
      atMs: hour.getTime(),
      attempts,
      faults,
      tokensOut,
    })),
    span,
    records: records.map((row) => ({ ...recordView(row), nodeId: row.nodeId })),
  }
}

/** So many whole hours, and the one that runs. */
function spanUntil(nowMs: number): HoursSpan {
  const toMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  return { fromMs: toMs + HOUR_MS - DAYS_SHOWN * DAY_MS, toMs }
}

const notMeasured = {
  ttftP50Ms: null,
  ttftP95Ms: null,
  tokensPerSecond: null,
  effectiveMicroUsdPerMtok: null,
  samples: 0,
  measuredAtMs: null,
}

const everything = {
  words: [],
  model: null,
  region: null,
  countries: null,
  gpuClass: null,
  gpusMin: null,
  memoryMibMin: null,
  trusts: null,
  dataPolicies: null,
  tier: null,
  liveOnly: false,
  leasableOnly: false,
  realOnly: false,
  outMicroUsdMax: null,
  ttftP95MsMax: null,
  from: null,
  rttSince: new Date(0),
  rttMsMax: null,
}

function hourView({ hour, tokensIn: _in, ...row }: NodeHourRow): OfferHour {
  return { atMs: hour.getTime(), ...row }
}

function pastVerdict({ kind, verdict, finding, fix, simulated, checkedAt, validUntil }: VerdictRow): PastVerdict {
  const times = { checkedAtMs: checkedAt.getTime(), validUntilMs: validUntil.getTime() }
  return { kind, verdict, finding, fix, simulated, ...times }
}

function recordView({ lane, epoch, status, attempts, faults, earnedMicroUsd }: NewestRecordRow): OfferRecord {
  return { lane, epoch: Number(epoch), status, attempts, faults, earnedMicroUsd }
}

function promisesOf(stored: { values: unknown; document: unknown }): OfferPromises | null {
  const terms = termsOfStored(stored)
  if (!terms) return null
  const region = Buffer.from(terms.sloRegion.slice(2), 'hex').toString('utf8').replace(/\0+$/, '')
  return {
    ttftBaseMs: terms.ttftBaseMs,
    ttftPerKtokMs: terms.ttftPerKtokMs,
    tpotUs: terms.tpotUs,
    concurrencyMax: terms.concurrencyMax,
    penaltyBps: terms.penaltyBps,
    sloRegion: region === '' ? null : region,
    perGpuHourMicroUsd: BigInt(terms.perGpuHour),
  }
}
