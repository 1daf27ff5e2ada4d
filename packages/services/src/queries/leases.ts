/** Leases as their organisation sees them. Another organisation's do not exist. */
import { AppError, formatUsd, leaseOver } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { LeaseEventRow, LeaseRow } from '../ports/lease-store.ts'
import { constraintsOfStored } from '../leases/lease-constraints.ts'
import { gpuTimeMicroUsd } from '../leases/lease-price.ts'
import type { LeaseQuote } from '../leases/quote-lease.ts'
import { whyNotLonger } from '../leases/why-not-longer.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { gpusForLease } from './gpus-for-lease.ts'
import { hardwareOf, isLive, isSimulated, modelsOf } from './live-nodes.ts'
import { nodeRefs } from './node-refs.ts'
import type { Page } from './views/common.ts'
import type {
  LeaseDetail,
  LeaseEventView,
  LeaseOffer,
  LeaseQuoteView,
  LeaseReceiptView,
  LeaseSummary,
} from './views/leases.ts'
import type { NodeRef } from './views/node-ref.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'live' | 'clock' | 'gatewayUrls'>
const RECEIPTS_SHOWN = 100

/** Newest first. */
export async function leasesOfOrg(
  { store }: Deps,
  input: { orgId: string; cursor?: string | undefined; limit?: number | undefined },
): Promise<Page<LeaseSummary>> {
  const limit = limitOf(input.limit)
  const rows = await store.leases.list(input.orgId, limit + 1, decodeCursor(input.cursor))
  const refs = await refsOf({ store }, rows)
  return pageOf(
    rows,
    limit,
    (row) => ({ at: row.createdAt, id: row.id }),
    (row) => summaryOf(row, refs),
  )
}

export async function leaseDetail(
  deps: Deps,
  { orgId, leaseId }: { orgId: string; leaseId: string },
): Promise<LeaseDetail> {
  const { leases } = deps.store
  const row = await leases.get(leaseId, orgId)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such lease.' })
  const [events, receipts] = [await leases.events(leaseId), await leases.receipts(leaseId, RECEIPTS_SHOWN)]
  const refs = await nodeRefs(deps.store.providers, [
    row.nodeId,
    ...receipts.map(({ nodeId }) => nodeId),
    ...events.flatMap(({ details }) => idsIn(details)),
  ])
  return {
    ...summaryOf(row, refs),
    constraints: constraintsOfStored(row.constraints),
    notExtendable: leaseOver(row.status) ? null : await whyNotLonger(leases, row),
    endpointUrl: `${(deps.gatewayUrls[0] ?? '').replace(/\/$/, '')}/v1`,
    meteredToMs: row.meteredToMs === null ? null : Number(row.meteredToMs),
    events: events.map((event) => eventView(event, refs)),
    receipts: receipts.map(
      ({ lane, seq, nodeId, fromMs, toMs, gpuMs, priceMicroUsd, epoch, receipt, ...signatures }) => ({
        lane,
        seq: Number(seq),
        node: refs.get(nodeId) ?? null,
        fromMs: Number(fromMs),
        toMs: Number(toMs),
        gpuMs: Number(gpuMs),
        priceMicroUsd,
        epoch: epoch === null ? null : Number(epoch),
        fields: receipt as LeaseReceiptView['fields'],
        laneSignature: signatures.laneSignature,
        nodeSignature: signatures.nodeSignature,
      }),
    ),
  }
}

/** Every node that offers GPUs, the cheapest first; live ones before the others. */
export async function leaseOffers({ store, live, clock }: Deps): Promise<LeaseOffer[]> {
  const [rows, liveness] = await Promise.all([store.providers.nodes(), live.nodes()])
  const forLease = await gpusForLease(store, rows)
  const offers = rows.flatMap((row): LeaseOffer[] => {
    const rental = row.status === 'active' ? forLease.get(row.nodeId) : undefined
    if (!rental) return []
    const said = liveness.get(row.nodeId)
    const models = modelsOf(row, said)
    return [
      {
        id: row.id,
        name: row.name,
        providerName: row.provider.name,
        region: row.region,
        country: row.country,
        gpuClass: row.gpuClass,
        hardware: hardwareOf(row, said).hardware,
        simulated: isSimulated(row, models),
        models: models.map(({ model }) => model),
        gpus: rental.gpus,
        freeGpus: rental.free,
        perGpuHourMicroUsd: rental.perGpuHourMicroUsd,
        live: isLive(said, clock.nowMs()),
      },
    ]
  })
  return offers.toSorted(
    (a, b) => Number(b.live) - Number(a.live) || Number(a.perGpuHourMicroUsd - b.perGpuHourMicroUsd),
  )
}

export async function quoteView(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  { row, among }: LeaseQuote,
): Promise<LeaseQuoteView> {
  const { id, nodeId, model, gpus, durationMs, perGpuHourMicroUsd, reserveMicroUsd, expiresAt } = row
  return {
    id,
    node: (await nodeRefs(store.providers, [nodeId])).get(nodeId) ?? null,
    among: among ?? null,
    model,
    gpus,
    durationMs: Number(durationMs),
    perGpuHourMicroUsd,
    timeMicroUsd: gpuTimeMicroUsd({ gpus, durationMs, perGpuHourMicroUsd }),
    reserveMicroUsd,
    expiresAtMs: expiresAt.getTime(),
    holdsForMs: Math.max(0, expiresAt.getTime() - clock.nowMs()),
  }
}

export async function leaseSummary({ store }: Pick<Deps, 'store'>, row: LeaseRow): Promise<LeaseSummary> {
  return summaryOf(row, await refsOf({ store }, [row]))
}

const refsOf = ({ store }: Pick<Deps, 'store'>, rows: readonly LeaseRow[]) =>
  nodeRefs(
    store.providers,
    rows.map(({ nodeId }) => nodeId),
  )

function summaryOf(row: LeaseRow, refs: ReadonlyMap<string, NodeRef>): LeaseSummary {
  const isOver = leaseOver(row.status)
  return {
    id: row.id,
    status: row.status,
    model: row.model,
    gpus: row.gpus,
    node: refs.get(row.nodeId) ?? null,
    perGpuHourMicroUsd: row.perGpuHourMicroUsd,
    durationMs: Number(row.durationMs),
    endsAtMs: row.endsAtMs === null ? null : Number(row.endsAtMs),
    reservedMicroUsd: row.reservedMicroUsd,
    billedMicroUsd: row.billedMicroUsd,
    releasedMicroUsd: isOver ? row.reservedMicroUsd - row.billedMicroUsd : null,
    creditMs: Number(row.creditMs),
    creditMicroUsd: row.creditMicroUsd,
    moves: row.moves,
    error: row.error,
    createdAtMs: row.createdAt.getTime(),
    runningAtMs: row.runningAt?.getTime() ?? null,
    endedAtMs: row.endedAt?.getTime() ?? null,
  }
}

const stopWords: Record<string, string> = {
  time: 'Its time is up.',
  money: 'What was held for it is used up.',
  organisation: 'It was stopped.',
}

type Details = Record<string, unknown>
const detailsOf = (details: unknown): Details => (typeof details === 'object' && details !== null ? { ...details } : {})

const textOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)

function idsIn(details: unknown): string[] {
  const { nodeId, from } = detailsOf(details)
  return [nodeId, from].filter((id): id is string => typeof id === 'string')
}

function eventView(
  { atMs, event, status, details }: LeaseEventRow,
  refs: ReadonlyMap<string, NodeRef>,
): LeaseEventView {
  return { atMs: Number(atMs), event, status, text: sentenceOf(event, detailsOf(details), refs) }
}

function sentenceOf(event: string, details: Details, refs: ReadonlyMap<string, NodeRef>): string {
  const nodeName = (id: unknown) => refs.get(textOf(id, ''))?.name ?? 'a node'
  const usd = (amount: unknown) => formatUsd(BigInt(textOf(amount, '0')))
  const seconds = (ms: unknown) => `${(Number(ms) / 1_000).toFixed(1)} s`
  switch (event) {
    case 'request':
      return 'Its GPUs were taken.'
    case 'hold':
      return `${usd(details.reservedMicroUsd)} are held for it.`
    case 'serve': {
      const credit = details.creditMs
        ? ` ${seconds(details.creditMs)} without an engine (${usd(details.creditMicroUsd)}) were not billed and were added to its end.`
        : ''
      return `Its engine runs on ${nodeName(details.nodeId)}.${credit}`
    }
    case 'lose':
      return `It left ${nodeName(details.nodeId)}: ${textOf(details.reason, 'gone').replace(/\.$/, '')}.`
    case 'place':
      return details.from === details.nodeId
        ? `${nodeName(details.nodeId)} takes it again.`
        : `${nodeName(details.nodeId)} takes it from ${nodeName(details.from)}.`
    case 'extend':
      return `Extended by ${Math.round(Number(details.durationMs) / 60_000)} min; ${usd(details.reserveMicroUsd)} more are held.`
    case 'stop':
      return stopWords[textOf(details.by, 'organisation')] ?? 'It was stopped.'
    case 'end':
    case 'expire':
      return `${usd(details.billedMicroUsd)} billed, ${usd(details.releasedMicroUsd)} given back.`
    default:
      return textOf(details.error, event)
  }
}
