/** Background responses after they were accepted: read, follow, cancel, delete. */
import { AppError, isId, toAppError } from '@isochrone/domain'
import type { JobState } from '@isochrone/services'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { backgroundResponse, jobIdOfResponse } from '../../responses/background-response.ts'
import { authenticate, requireReady } from '../authenticate.ts'
import { followResponse, placeToFollow } from '../follow-response.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

interface ById {
  Params: { id: string }
  Querystring: { stream?: string; starting_after?: string }
}

export function responseRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  /** The caller's organisation and its response. Throws `not_found` for anybody else's. */
  async function found(request: FastifyRequest<ById>): Promise<{ orgId: string; job: JobState }> {
    requireReady(deps)
    const { organisation } = authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    const { orgId } = organisation
    const { id } = request.params
    const job = isId('resp', id) ? await deps.jobs.get(orgId, jobIdOfResponse(id)) : undefined
    if (job?.kind !== 'background') {
      const publicMessage = `There is no response '${id.slice(0, 100)}'. Only background responses are kept.`
      throw new AppError('not_found', { publicMessage, field: 'id' })
    }
    return { orgId, job }
  }

  app.get<ById>('/v1/responses/:id', {
    handler: async (request, reply) => {
      const { orgId, job } = await found(request)
      if (request.query.stream !== 'true') return backgroundResponse(job)
      const after = numberOf(request.query.starting_after)
      return await followResponse(deps, orgId, job, reply, { after, leave: placeToFollow(orgId) })
    },
  })

  app.post<ById>('/v1/responses/:id/cancel', {
    handler: async (request) => {
      const { orgId, job } = await found(request)
      try {
        return backgroundResponse(await deps.jobs.cancel(orgId, job.id))
      } catch (error) {
        // Cancelled before: the same answer again.
        const now = toAppError(error).code === 'state_conflict' ? await deps.jobs.get(orgId, job.id) : undefined
        if (now?.status === 'cancelled') return backgroundResponse(now)
        throw error
      }
    },
  })

  app.delete<ById>('/v1/responses/:id', {
    handler: async (request) => {
      const { orgId, job } = await found(request)
      await deps.jobs.erase(orgId, job.id)
      return { id: request.params.id, object: 'response', deleted: true }
    },
  })
}

function numberOf(text: string | undefined): number {
  if (text === undefined || text === '') return -1
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= -1) return value
  throw new AppError('invalid_input', {
    publicMessage: "'starting_after' must be the sequence_number of an event.",
    field: 'starting_after',
  })
}
