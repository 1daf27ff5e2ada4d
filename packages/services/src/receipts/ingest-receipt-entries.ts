/**
 * Journal → Postgres: what gateways published, stored in bulk and exactly once, in one transaction for each batch.
 *
 * Entries come at least once and in any order. (lane, seq) makes a receipt unique; a queued job ends in the same
 * transaction as its receipts appear. An entry that can never be stored is rejected with a reason, never dropped
 * silently: the caller keeps it aside. Any other error rejects the call, and the whole batch comes again.
 */
import type { Clock } from '@isochrone/domain'
import type { IngestRepositories, IngestStore, ReceiptRow } from '../ports/receipt-store.ts'
import type { LeaseReceiptRow } from '../ports/lease-store.ts'
import { entryRowsOf, type EntryRows } from './entry-rows.ts'

export interface IngestDeps {
  store: IngestStore
  clock: Clock
  /** Whether the database refused the data itself. */
  isDataError(error: unknown): boolean
}

export interface PublishedEntry {
  /** Id in the stream. */
  id: string
  json: string
}

export interface IngestResult {
  stored: number
  rejected: { id: string; json: string; reason: string }[]
}

type Parsed = PublishedEntry & { rows: EntryRows }
type RequestRows = Extract<EntryRows, { kind: 'request' }>
type RecordRows = Extract<EntryRows, { kind: 'record' }>

export async function ingestReceiptEntries(
  deps: IngestDeps,
  entries: readonly PublishedEntry[],
): Promise<IngestResult> {
  const result: IngestResult = { stored: 0, rejected: [] }
  const parsed: Parsed[] = []
  for (const entry of entries) {
    try {
      parsed.push({ ...entry, rows: entryRowsOf(entry.json) })
    } catch (error) {
      result.rejected.push({ ...entry, reason: reasonOf(error) })
    }
  }
  await storeOrSplit(deps, parsed, result)
  return result
}

/** Halves a batch that the database refuses until the guilty entry stands alone. */
async function storeOrSplit(deps: IngestDeps, batch: readonly Parsed[], result: IngestResult): Promise<void> {
  if (batch.length === 0) return
  try {
    await deps.store.transaction((tx) => storeBatch(tx, deps.clock, batch))
    result.stored += batch.length
  } catch (error) {
    const [first] = batch
    const isRefused = error instanceof ContradictingReceipt || error instanceof UnknownNode
    if (first === undefined || !(deps.isDataError(error) || isRefused)) throw error
    if (batch.length === 1) {
      result.rejected.push({ id: first.id, json: first.json, reason: reasonOf(error) })
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await storeOrSplit(deps, batch.slice(0, middle), result)
    await storeOrSplit(deps, batch.slice(middle), result)
  }
}

async function storeBatch(tx: IngestRepositories, clock: Clock, batch: readonly Parsed[]): Promise<void> {
  const requests = batch.map(({ rows }) => rows).filter((rows) => rows.kind === 'request')
  const epochs = batch.map(({ rows }) => rows).filter((rows) => rows.kind === 'epoch')
  const repeated = await storeRequests(tx, requests)
  // In one order everywhere, so that two workers with the same entries do not lock each other out.
  const receipts = requests
    .flatMap((rows) => rows.receipts)
    .toSorted((a, b) => (a.lane === b.lane ? Number(a.seq - b.seq) : a.lane < b.lane ? -1 : 1))
  const inserted = await tx.requests.insertReceipts(receipts)
  if (inserted.length < receipts.length) await refuseContradictions(tx, receipts)
  await tx.apiKeys.addSpend(spendOfKeys(requests, inserted))
  const toSum = requests.filter((rows) => rows.recovered || repeated)
  await tx.requests.sumPrices(toSum.map((rows) => rows.request.id))
  await tx.epochs.insertClosed(
    epochs.map((rows) => rows.epoch),
    epochs.flatMap((rows) => rows.vouchers),
  )
  for (const { epoch } of epochs) await tx.requests.coverReceipts(epoch.lane, epoch.fromSeq, epoch.toSeq)
  await coverLateReceipts(tx, receipts)
  await storeRecords(
    tx,
    batch.map(({ rows }) => rows).filter((rows) => rows.kind === 'record'),
  )
  await storeLeases(
    tx,
    batch.flatMap(({ rows }) => (rows.kind === 'lease' ? [rows.lease] : [])),
  )
  await tx.recounts.insertRecounts(batch.flatMap(({ rows }) => (rows.kind === 'recount' ? [rows.recount] : [])))
  for (const { job } of requests) if (job) await tx.jobs.finish(job.id, { ...job.end, now: new Date(clock.nowMs()) })
}

/** What was billed through keys by receipts that are new, each once, on the day that its request came in. */
function spendOfKeys(entries: readonly RequestRows[], inserted: readonly Pick<ReceiptRow, 'lane' | 'seq'>[]) {
  const fresh = new Set(inserted.map(nameOf))
  return entries.flatMap(({ request: { keyId }, dayMs, receipts }) => {
    if (keyId === null) return []
    return receipts
      .filter((row) => row.priceMicroUsd > 0n && fresh.delete(nameOf(row)))
      .map(({ lane, priceMicroUsd: microUsd }) => ({ keyId, dayMs, lane, microUsd }))
  })
}

const nameOf = ({ lane, seq }: Pick<ReceiptRow, 'lane' | 'seq'>): string => `${lane}:${seq}`

/** True when some were there already, told of by another entry or by the same one. */
async function storeRequests(tx: IngestRepositories, entries: readonly RequestRows[]): Promise<boolean> {
  // What a gateway said itself comes before what was recovered, so that it is what is inserted.
  const ordered = entries.toSorted(
    (a, b) => Number(a.recovered) - Number(b.recovered) || (a.request.id < b.request.id ? -1 : 1),
  )
  const inserted = await tx.requests.insertRequests(ordered.map((rows) => rows.request))
  if (inserted === entries.length) return false
  for (const { request, recovered } of ordered) if (!recovered) await tx.requests.replaceUnsuccessful(request)
  return true
}

async function storeRecords(tx: IngestRepositories, entries: readonly RecordRows[]): Promise<void> {
  if (entries.length === 0) return
  const providers = await tx.records.providersOfNodes([...new Set(entries.map(({ record }) => record.nodeId))])
  const records = entries.map(({ record }) => {
    const providerId = providers.get(record.nodeId)
    if (providerId === undefined) throw new UnknownNode(`nobody knows node ${record.nodeId}`)
    return { ...record, providerId }
  })
  await tx.records.insertSigned(
    records,
    entries.flatMap(({ counts }) => counts),
  )
}

/** What their leases are billed follows in the same transaction. */
async function storeLeases(tx: IngestRepositories, leases: readonly LeaseReceiptRow[]): Promise<void> {
  if (leases.length === 0) return
  const known = await tx.leases.knownLeases([...new Set(leases.map(({ leaseId }) => leaseId))])
  const stranger = leases.find(({ leaseId }) => !known.has(leaseId))
  if (stranger) throw new ContradictingReceipt(`nobody knows the lease ${stranger.leaseId}`)
  const ordered = leases.toSorted((a, b) => (a.leaseId < b.leaseId ? -1 : 1))
  if ((await tx.leases.insertLeaseReceipts(ordered)) < ordered.length) {
    for (const [lane, rows] of Map.groupBy(ordered, (row) => row.lane)) {
      const stored = await tx.leases.leaseHashes(
        lane,
        rows.map(({ seq }) => seq),
      )
      const other = rows.find(({ seq, hash }) => stored.get(seq) !== hash)
      if (other) throw new ContradictingReceipt(`lane ${lane} signed two receipts with number ${other.seq}`)
    }
  }
  await coverLateReceipts(tx, ordered)
}

/** Receipts that arrive after their epoch's close are covered by it all the same. */
async function coverLateReceipts(
  tx: IngestRepositories,
  receipts: readonly Pick<ReceiptRow, 'lane' | 'seq'>[],
): Promise<void> {
  for (const [lane, rows] of Map.groupBy(receipts, (row) => row.lane)) {
    const seqs = rows.map((row) => row.seq)
    const first = seqs.reduce((a, b) => (a < b ? a : b))
    const last = seqs.reduce((a, b) => (a > b ? a : b))
    const covered = await tx.epochs.lastCoveredSeq(lane)
    if (covered !== null && covered >= first) await tx.requests.coverReceipts(lane, first, last)
  }
}

/** One number, two receipts: only a lane that lost its journal or lies does this. */
class ContradictingReceipt extends Error {
  override readonly name = 'ContradictingReceipt'
}

class UnknownNode extends Error {
  override readonly name = 'UnknownNode'
}

async function refuseContradictions(tx: IngestRepositories, receipts: readonly ReceiptRow[]): Promise<void> {
  for (const [lane, rows] of Map.groupBy(receipts, (row) => row.lane)) {
    const known = await tx.requests.deliveryHashes(
      lane,
      rows.map((row) => row.seq),
    )
    for (const { seq, deliveryHash } of rows) {
      const other = known.get(seq)
      if (other !== deliveryHash) {
        throw new ContradictingReceipt(`lane ${lane} signed ${deliveryHash} and ${String(other)} with number ${seq}`)
      }
    }
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500)
}
