/** Batches as a team sees them on its pages: progress, cost, errors, and the placement of some of their lines. */
import type { BatchLineError, BatchStatus, JobStatus } from '@isochrone/domain'
import type { BatchLineCounts, BatchRow } from '../ports/batch-store.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { decodeCursor, limitOf, pageOf } from '../queries/cursor.ts'
import type { Page } from '../queries/views/common.ts'
import { batchOf, cancelBatch } from './create-batch.ts'
import { contentOf, fileOf } from './store-file.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'clock'>

export interface BatchSummary {
  /** `batch_…` */
  id: string
  status: BatchStatus
  endpoint: string
  /** Null where its lines ask for several. */
  model: string | null
  total: number
  completed: number
  /** Run, and over without an answer. */
  failed: number
  /** Cancelled, or not begun before its window ended. */
  notRun: number
  costMicroUsd: bigint
  /** Its lines wait for money at this moment. */
  outOfMoney: boolean
  createdAtMs: number
  expiresAtMs: number
  endedAtMs: number | null
}

export interface BatchLineView {
  jobId: string
  line: number
  customId: string | null
  status: JobStatus
}

export interface BatchDetail extends BatchSummary {
  inputFileId: string
  outputFileId: string | null
  errorFileId: string | null
  inProgressAtMs: number | null
  tokensIn: number
  tokensOut: number
  errors: BatchLineError[]
  /** The first of its lines: each has a page with its placement. */
  lines: BatchLineView[]
}

const OUT_OF_MONEY_MS = 20_000
const LINES_SHOWN = 20

export async function batchesOfOrg(
  { store, clock }: Deps,
  { orgId, cursor }: { orgId: string; cursor?: string | undefined },
): Promise<Page<BatchSummary>> {
  const limit = limitOf(undefined)
  const rows = await store.batches.list(orgId, { after: decodeCursor(cursor), limit: limit + 1 })
  const summaries = await summariesOf({ store, clock }, rows)
  return pageOf(
    rows,
    limit,
    ({ createdAt: at, id }) => ({ at, id }),
    (row) => summaryIn(summaries, row),
  )
}

/** Throws `not_found` for another organisation's batch. */
export async function batchDetail(deps: Deps, { orgId, id }: { orgId: string; id: string }): Promise<BatchDetail> {
  const { batches } = deps.store
  const row = await batchOf({ batches }, orgId, id)
  const totals = (await batches.totals([id])).get(id)
  const lines = await batches.jobsFrom(id, 1, LINES_SHOWN)
  return {
    ...summaryIn(await summariesOf(deps, [row]), row),
    inputFileId: row.inputFileId,
    outputFileId: row.outputFileId,
    errorFileId: row.errorFileId,
    inProgressAtMs: row.inProgressAt?.getTime() ?? null,
    tokensIn: (totals?.tokensIn ?? 0) + (totals?.tokensCached ?? 0),
    tokensOut: totals?.tokensOut ?? 0,
    errors: Array.isArray(row.errors) ? (row.errors as BatchLineError[]) : [],
    lines: lines.map((job) => ({
      jobId: job.id,
      line: job.batchLine ?? 0,
      customId: job.customId,
      status: job.status,
    })),
  }
}

/** No queue on this side: the worker looks at every open batch within seconds. */
export async function stopBatch(deps: Deps, { orgId, id }: { orgId: string; id: string }): Promise<BatchSummary> {
  const { batches } = deps.store
  const row = await cancelBatch({ batches, clock: deps.clock, queue: { addAll: async () => {} } }, orgId, id)
  return summaryIn(await summariesOf(deps, [row]), row)
}

/** A file of the organisation with its content, a chunk at a time. Throws `not_found`. */
export async function openFile(
  { store, clock }: Deps,
  { orgId, id }: { orgId: string; id: string },
): Promise<{ filename: string; bytes: number; content: AsyncGenerator<Uint8Array> }> {
  const { filename, bytes } = await fileOf({ files: store.files, clock }, orgId, id)
  return { filename, bytes, content: contentOf({ files: store.files }, id) }
}

async function summariesOf({ store, clock }: Deps, rows: readonly BatchRow[]): Promise<Map<string, BatchSummary>> {
  const totals = await store.batches.totals(rows.map(({ id }) => id))
  // How many lines of one that ended early were never run stands in its jobs alone.
  const counted = rows.filter(
    ({ endedAt, status }) => endedAt === null || status === 'cancelled' || status === 'expired',
  )
  const counts = await store.batches.counts(counted.map(({ id }) => id))
  const nowMs = clock.nowMs()
  return new Map(
    rows.map((row) => {
      const lines = linesOf(row, counts.get(row.id))
      const outOfMoneyMs = row.outOfMoneyAt === null ? null : nowMs - row.outOfMoneyAt.getTime()
      const summary: BatchSummary = {
        id: row.id,
        status: row.status,
        endpoint: row.endpoint,
        model: row.model,
        total: row.total,
        ...lines,
        costMicroUsd: totals.get(row.id)?.costMicroUsd ?? 0n,
        outOfMoney: row.status === 'in_progress' && outOfMoneyMs !== null && outOfMoneyMs < OUT_OF_MONEY_MS,
        createdAtMs: row.createdAt.getTime(),
        expiresAtMs: row.expiresAt.getTime(),
        endedAtMs: row.endedAt?.getTime() ?? null,
      }
      return [row.id, summary]
    }),
  )
}

function linesOf(
  row: Pick<BatchRow, 'endedAt' | 'completed' | 'failed'>,
  counts: BatchLineCounts | undefined,
): Pick<BatchSummary, 'completed' | 'failed' | 'notRun'> {
  if (counts === undefined) return { completed: row.completed, failed: row.failed, notRun: 0 }
  const failed = counts.failed - counts.cancelled
  if (row.endedAt === null) return { completed: counts.completed, failed, notRun: counts.cancelled }
  return { completed: row.completed, failed, notRun: Math.max(0, row.failed - failed) }
}

function summaryIn(summaries: ReadonlyMap<string, BatchSummary>, { id }: BatchRow): BatchSummary {
  const summary = summaries.get(id)
  if (!summary) throw new Error('a batch without its summary')
  return summary
}
