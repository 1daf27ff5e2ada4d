/** Background responses after they were accepted: read, with what they were asked, follow, cancel, delete. */
import { AppError, isId, toAppError } from '@isochrone/domain'
import type { JobState } from '@isochrone/services'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { backgroundResponse, jobIdOfResponse } from '../../responses/background-response.ts'
import { inputItemsOf } from '../../responses/input-items.ts'
import { authenticate, requireReady } from '../authenticate.ts'
import { followResponse, placeToFollow } from '../follow-response.ts'
import type { GatewayDeps } from '../gateway-deps.ts'
import { limitOf, listOf } from './files.ts'

interface ById {
  Params: { id: string }
  Querystring: { stream?: string; starting_after?: string }
}
interface ItemsQuery {
  Params: ById['Params']
  Querystring: { after?: string; limit?: string; order?: string }
}

export function responseRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  /** The caller's organisation and its response. Throws `not_found` for anybody else's. */
  async function found(request: FastifyRequest<{ Params: ById['Params'] }>): Promise<{ orgId: string; job: JobState }> {
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

  app.get<ItemsQuery>('/v1/responses/:id/input_items', {
    handler: async (request) => {
      const { job } = await found(request)
      return pageOfItems(inputItemsOf(job), request.query)
    },
  })

  app.post('/v1/responses/input_tokens', {
    // By its headers alone: what stands in its body changes nothing.
    onRequest: (request, _reply, next) => {
      requireReady(deps)
      authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
      next(
        new AppError('not_found', {
          publicMessage:
            'Tokens are not counted before a request is served: each engine has its own tokenizer. The usage of the answer says how many there were.',
        }),
      )
    },
    handler: () => undefined,
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

/** Newest first where nothing else is asked, as at OpenAI. */
function pageOfItems(
  items: ReturnType<typeof inputItemsOf>,
  { after, limit, order = 'desc' }: ItemsQuery['Querystring'],
) {
  if (order !== 'asc' && order !== 'desc') {
    throw new AppError('invalid_input', { publicMessage: "'order' must be asc or desc.", field: 'order' })
  }
  const sorted = order === 'asc' ? items : items.toReversed()
  const at = after === undefined ? -1 : sorted.findIndex(({ id }) => id === after)
  if (after !== undefined && at < 0) {
    throw new AppError('not_found', {
      publicMessage: `There is no input item '${after.slice(0, 100)}'.`,
      field: 'after',
    })
  }
  const from = at + 1
  const until = from + limitOf(limit, 100)
  return listOf(sorted.slice(from, until), until < sorted.length)
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
