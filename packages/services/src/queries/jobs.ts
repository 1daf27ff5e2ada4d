/** A team's queued jobs. */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { JobRow } from '../ports/rows.ts'
import { decodeCursor, limitOf, pageOf } from './cursor.ts'
import { nodeRefs } from './node-refs.ts'
import type { Page } from './views/common.ts'
import type { JobDetail, JobFilter, JobSummary, NodeRef } from './views/requests.ts'

type Deps = Pick<ControlPlaneDeps, 'store'>

export async function jobsOfOrg({ store }: Deps, filter: JobFilter & { orgId: string }): Promise<Page<JobSummary>> {
  const limit = limitOf(filter.limit)
  const rows = await store.readings.jobs({
    orgId: filter.orgId,
    limit: limit + 1,
    before: decodeCursor(filter.cursor),
    status: filter.status ?? null,
  })
  const nodes = await nodeRefs(
    store.providers,
    rows.map((row) => row.nodeId),
  )
  return pageOf(
    rows,
    limit,
    (row: JobRow) => ({ at: row.createdAt, id: row.id }),
    (row) => summaryOf(row, nodes),
  )
}

/** `not_found` for another organisation's job. */
export async function jobDetail(
  { store }: Deps,
  { orgId, jobId }: { orgId: string; jobId: string },
): Promise<JobDetail> {
  const row = await store.readings.job(orgId, jobId)
  if (!row) throw new AppError('not_found', { publicMessage: 'There is no such job in this organisation.' })
  const { body, answer, placement } = row
  return {
    ...summaryOf(row, await nodeRefs(store.providers, [row.nodeId])),
    body,
    answer,
    placement,
    requestRecorded: await store.readings.requestExists(row.requestId),
  }
}

function summaryOf(row: JobRow, nodes: ReadonlyMap<string, NodeRef>): JobSummary {
  return {
    id: row.id,
    requestId: row.requestId,
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
    finishedAtMs: row.finishedAt?.getTime() ?? null,
  }
}
