/** OpenAI's Files, as far as batches need them: upload, list, read, content, delete. */
import { Readable } from 'node:stream'
import { AppError } from '@isochrone/domain'
import { contentOf, fileOf, removeFile } from '@isochrone/services'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fileObject } from '../../batches/batch-object.ts'
import type { Batches } from '../../batches/create-batches.ts'
import { receiveFile } from '../../batches/receive-file.ts'
import { authenticate, requireReady } from '../authenticate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

interface ById {
  Params: { id: string }
}
interface ListQuery {
  Querystring: { after?: string; limit?: string; order?: string; purpose?: string }
}

type Deps = Pick<GatewayDeps, 'control' | 'clock' | 'notReady'>

/** In a part of the app of their own, because no other route reads a form. */
export function fileRoutes(app: FastifyInstance, deps: Deps, batches: Batches): void {
  app.register((part, _options, done) => {
    // The form is read as it comes, by the route.
    part.addContentTypeParser('multipart/form-data', (_request, _payload, ready) => ready(null))
    routesOf(part, deps, batches)
    done()
  })
}

function routesOf(app: FastifyInstance, deps: Deps, batches: Batches): void {
  const callerOf = (request: FastifyRequest): string => {
    requireReady(deps)
    return authenticate(request.headers.authorization, deps.control, deps.clock.nowMs()).organisation.orgId
  }

  app.post('/v1/files', {
    onRequest: (request, _reply, next) => {
      batches.requireInside(callerOf(request))
      next()
    },
    handler: async (request) => {
      if (!/^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')) {
        throw new AppError('unsupported_media_type', { publicMessage: 'Send the file as multipart/form-data.' })
      }
      const orgId = callerOf(request)
      return await batches.uploading(orgId, async () => fileObject(await receiveFile(batches.deps, orgId, request.raw)))
    },
  })

  app.get<ListQuery>('/v1/files', {
    handler: async (request) => {
      const orgId = callerOf(request)
      const { after, order = 'desc', purpose } = request.query
      if (order !== 'asc' && order !== 'desc') {
        throw new AppError('invalid_input', { publicMessage: "'order' must be asc or desc.", field: 'order' })
      }
      if (purpose !== undefined && (typeof purpose !== 'string' || purpose.includes('\0'))) {
        throw new AppError('invalid_input', { publicMessage: "'purpose' must be one word.", field: 'purpose' })
      }
      const limit = limitOf(request.query.limit, 10_000)
      const from = after === undefined ? null : await fileOf(batches.deps, orgId, after)
      const rows = await batches.deps.files.list({
        orgId,
        purpose: purpose ?? null,
        after: from && { at: from.createdAt, id: from.id },
        newestFirst: order === 'desc',
        limit: limit + 1,
        now: new Date(deps.clock.nowMs()),
      })
      return listOf(rows.slice(0, limit).map(fileObject), rows.length > limit)
    },
  })

  app.get<ById>('/v1/files/:id', {
    handler: async (request) => fileObject(await fileOf(batches.deps, callerOf(request), request.params.id)),
  })

  app.get<ById>('/v1/files/:id/content', {
    handler: async (request, reply) => {
      const file = await fileOf(batches.deps, callerOf(request), request.params.id)
      return reply
        .header('content-type', 'application/octet-stream')
        .header('content-length', file.bytes)
        .send(Readable.from(contentOf(batches.deps, file.id), { objectMode: false }))
    },
  })

  app.delete<ById>('/v1/files/:id', {
    handler: async (request) => {
      await removeFile(batches.deps, callerOf(request), request.params.id)
      return { id: request.params.id, object: 'file', deleted: true }
    },
  })
}

/** 1 to `max`. Throws `invalid_input`. */
export function limitOf(text: string | undefined, max: number): number {
  const limit = text === undefined ? Math.min(max, 20) : Number(text)
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= max) return Math.min(limit, 100)
  throw new AppError('invalid_input', { publicMessage: `'limit' must be from 1 to ${max}.`, field: 'limit' })
}

/** A page as OpenAI's client reads it. */
export function listOf<T extends { id: string }>(data: readonly T[], hasMore: boolean) {
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: hasMore }
}
