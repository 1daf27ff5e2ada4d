/** `GET /v1/jobs/:id`: the state of a queued request and, once it is over, its answer. */
import { AppError, isId } from '@isochrone/domain'
import type { FastifyInstance } from 'fastify'
import { authenticate, requireReady } from '../authenticate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

export function jobRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  app.get<{ Params: { id: string } }>('/v1/jobs/:id', {
    handler: async (request) => {
      requireReady(deps)
      const { organisation } = authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
      const { id } = request.params
      const job = isId('job', id) ? await deps.jobs.get(organisation.orgId, id) : undefined
      if (!job) throw new AppError('not_found', { publicMessage: 'There is no such job.', field: 'id' })
      return {
        id: job.id,
        object: 'isochrone.job',
        status: job.status,
        created_at: Math.floor(job.createdAtMs / 1_000),
        finished_at: job.finishedAtMs === null ? null : Math.floor(job.finishedAtMs / 1_000),
        http_status: job.httpStatus,
        response: job.status === 'succeeded' ? job.answer : null,
        error: job.status === 'failed' ? (job.answer ?? { error: { message: job.error ?? 'The job failed.' } }) : null,
      }
    },
  })
}
