/** Queued requests after they were accepted: their state and, once they are over, their answer; cancel and delete. */
import { AppError, isId } from '@isochrone/domain'
import type { JobState } from '@isochrone/services'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authenticate, requireReady } from '../authenticate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

interface ById {
  Params: { id: string }
}

export function jobRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  async function found(request: FastifyRequest<ById>): Promise<{ orgId: string; job: JobState }> {
    requireReady(deps)
    const { organisation } = authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    const { id } = request.params
    const job = isId('job', id) ? await deps.jobs.get(organisation.orgId, id) : undefined
    if (!job) throw new AppError('not_found', { publicMessage: 'There is no such job.', field: 'id' })
    return { orgId: organisation.orgId, job }
  }

  app.get<ById>('/v1/jobs/:id', { handler: async (request) => viewOf((await found(request)).job) })
  app.post<ById>('/v1/jobs/:id/cancel', {
    handler: async (request) => {
      const { orgId, job } = await found(request)
      return viewOf(await deps.jobs.cancel(orgId, job.id))
    },
  })
  app.delete<ById>('/v1/jobs/:id', {
    handler: async (request) => {
      const { orgId, job } = await found(request)
      await deps.jobs.erase(orgId, job.id)
      return { id: job.id, object: 'isochrone.job', deleted: true }
    },
  })
}

const secondsOf = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000))

function viewOf(job: JobState) {
  return {
    id: job.id,
    object: 'isochrone.job',
    status: job.status,
    created_at: Math.floor(job.createdAtMs / 1_000),
    finished_at: secondsOf(job.finishedAtMs),
    deadline_at: secondsOf(job.deadlineAtMs),
    http_status: job.httpStatus,
    response: job.status === 'succeeded' ? job.answer : null,
    error: job.status === 'failed' ? (job.answer ?? { error: { message: job.error ?? 'The job failed.' } }) : null,
  }
}
