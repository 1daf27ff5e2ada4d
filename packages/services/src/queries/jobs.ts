/** Queued jobs as people see them: a team its own, staff all of them without their words. */
import { AppError } from '@isochrone/domain'
import { endedWithJob, placementMemoryOf } from '../jobs/placement-memory.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { JobDetailRow, JobRow } from '../ports/rows.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { nodeRefs } from './node-refs.ts'
import type { Page } from './views/common.ts'
import type { JobDetail, JobFilter, JobStats, JobSummary } from './views/requests.ts'
import type { NodeRef } from './views/node-ref.ts'

type Deps = Pick<ControlPlaneDeps, 'store'>

const DAY_MS = 86_400_000

/** @param filter `orgId` null: of all organisations, each with its name. */
export async function jobsOfOrg(
  { store }: Deps,
  filter: JobFilter & { orgId: string | null },
): Promise<Page<JobSummary>> {
  const limit = limitOf(filter.limit)
  const rows = await store.readings.jobs({
    orgId: filter.orgId,
    limit: limit + 1,
    before: decodeCursor(filter.cursor),
    status: filter.status ?? null,
    kind: filter.kind ?? null,
    model: filter.model ?? null,
  })
  const nodes = await nodeRefs(
    store.providers,
    rows.map((row) => row.nodeId),
  )
  const names = await namesOf(store, filter.orgId, rows)
  return pageOf(
    rows,
    limit,
    (row: JobRow) => ({ at: row.createdAt, id: row.id }),
    (row) => summaryOf(row, nodes, names),
  )
}

/** `not_found` for another organisation's job. With `orgId` null, for staff: prompt and answer are left out. */
export async function jobDetail(
  { store }: Deps,
  { orgId, jobId }: { orgId: string | null; jobId: string },
): Promise<JobDetail> {
  const row = await store.readings.job(orgId, jobId)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such job in this organisation.' })
  const memory = endedWithJob(placementMemoryOf(row.placement), row)
  const nodes = await nodeRefs(store.providers, [row.nodeId, ...memory.tries.map(({ nodeId }) => nodeId)])
  const retriedAs = await store.jobs.retryOf(row.id, row.orgId)
  const { body, answer } = orgId === null ? { body: null, answer: null } : wordsOf(row)
  return {
    ...summaryOf(row, nodes, await namesOf(store, orgId, [row])),
    body,
    answer,
    erased: row.erasedAt !== null,
    placement: memory.record ?? null,
    tries: memory.tries.map((one) => ({ ...one, nodeName: nodes.get(one.nodeId)?.name ?? null })),
    retryOf: row.retryOf,
    retriedAs: retriedAs?.id ?? null,
    requestRecorded: await store.readings.requestExists(row.requestId),
  }
}

/** @param orgId null: of all organisations. */
export async function jobStats(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  orgId: string | null,
): Promise<JobStats> {
  const { counts, oldestQueuedAt, ...times } = await store.readings.jobStats(orgId, new Date(clock.nowMs() - DAY_MS))
  return {
    ...times,
    counts: { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, ...counts },
    oldestQueuedAtMs: oldestQueuedAt?.getTime() ?? null,
  }
}

const wordsOf = ({ body, answer, erasedAt }: JobDetailRow) =>
  erasedAt === null ? { body, answer } : { body: null, answer: null }

async function namesOf(
  store: Deps['store'],
  orgId: string | null,
  rows: readonly JobRow[],
): Promise<ReadonlyMap<string, string>> {
  if (orgId !== null) return new Map()
  return await store.readings.organisationNames([...new Set(rows.map((row) => row.orgId))])
}

function summaryOf(
  row: JobRow,
  nodes: ReadonlyMap<string, NodeRef>,
  organisations: ReadonlyMap<string, string>,
): JobSummary {
  return {
    id: row.id,
    requestId: row.requestId,
    kind: row.kind,
    organisation: organisations.get(row.orgId) ?? null,
    status: row.status,
    path: row.path,
    model: row.model,
    attempts: row.attempts,
    attemptsMax: row.attemptsMax,
    node: row.nodeId ? (nodes.get(row.nodeId) ?? null) : null,
    httpStatus: row.httpStatus,
    error: row.error,
    deadlineAtMs: row.deadlineAt?.getTime() ?? null,
    createdAtMs: row.createdAt.getTime(),
    startedAtMs: row.startedAt?.getTime() ?? null,
    dispatchedAtMs: row.dispatchedAt?.getTime() ?? null,
    finishedAtMs: row.finishedAt?.getTime() ?? null,
  }
}
