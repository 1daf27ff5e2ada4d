/** OpenAI's Batches: many requests in a file, answered in slack within a day. */
import { AppError } from '@isochrone/domain'
import { batchOf, cancelBatch, createBatch, type BatchRow } from '@isochrone/services'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { batchObject } from '../../batches/batch-object.ts'
import type { Batches } from '../../batches/create-batches.ts'
import { digestOf } from '../../idempotency/kept-answer.ts'
import { KEY_LENGTH_MAX } from '../../idempotency/idempotency.ts'
import { objectOf, parseJson } from '../../requests/read/parse-request.ts'
import { requireChannel } from '../admit.ts'
import { authenticate, requireReady, type Caller } from '../authenticate.ts'
import { bodyOf } from '../body-of.ts'
import type { GatewayDeps } from '../gateway-deps.ts'
import { limitOf, listOf } from './files.ts'

interface ById {
  Params: { id: string }
}
interface ListQuery {
  Querystring: { after?: string; limit?: string }
}

const METADATA_MAX = 16
/** U+0000 and lone surrogates are what PostgreSQL's jsonb refuses. */
const storable = (lengthMax: number) =>
  z
    .string()
    .max(lengthMax)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'cannot be stored')
const metadata = z
  .record(storable(64), storable(512))
  .refine((value) => Object.keys(value).length <= METADATA_MAX, `may have ${METADATA_MAX} keys`)
const createBody = z.object({
  input_file_id: z.string(),
  endpoint: z.string(),
  completion_window: z.string(),
  metadata: metadata.nullish(),
  output_expires_after: z.object({ anchor: z.literal('created_at'), seconds: z.int() }).nullish(),
})

type Deps = Pick<GatewayDeps, 'control' | 'clock' | 'notReady'>

export function batchRoutes(app: FastifyInstance, deps: Deps, batches: Batches): void {
  const callerOf = (request: FastifyRequest): Caller => {
    requireReady(deps)
    return authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
  }
  const orgOf = (request: FastifyRequest): string => callerOf(request).organisation.orgId

  async function viewsOf(rows: readonly BatchRow[]) {
    const ids = rows.map(({ id }) => id)
    const open = rows.filter(({ endedAt }) => endedAt === null).map(({ id }) => id)
    const counts = await batches.deps.batches.counts(open)
    const totals = await batches.deps.batches.totals(ids)
    const nowMs = deps.clock.nowMs()
    return rows.map((row) => batchObject(row, { counts: counts.get(row.id), totals: totals.get(row.id), nowMs }))
  }
  const viewOf = async (row: BatchRow) => (await viewsOf([row]))[0]

  app.post('/v1/batches', {
    handler: async (request) => {
      const { organisation, key } = callerOf(request)
      const { orgId } = organisation
      batches.requireInside(orgId)
      requireChannel(organisation)
      const body = read(bodyOf(request))
      const { batch, created } = await createBatch(batches.deps, {
        orgId,
        keyId: key.keyId,
        endpoint: body.endpoint,
        inputFileId: body.input_file_id,
        completionWindow: body.completion_window,
        metadata: body.metadata ?? null,
        outputExpiresAfterS: body.output_expires_after?.seconds ?? null,
        idempotency: idempotencyOf(request),
      })
      return created ? batchObject(batch, { nowMs: deps.clock.nowMs() }) : await viewOf(batch)
    },
  })

  app.get<ListQuery>('/v1/batches', {
    handler: async (request) => {
      const orgId = orgOf(request)
      const limit = limitOf(request.query.limit, 100)
      const { after } = request.query
      const from = after === undefined ? null : await batchOf(batches.deps, orgId, after)
      const page = { after: from && { at: from.createdAt, id: from.id }, limit: limit + 1 }
      const rows = await batches.deps.batches.list(orgId, page)
      return listOf(
        (await viewsOf(rows.slice(0, limit))).filter((view) => view !== undefined),
        rows.length > limit,
      )
    },
  })

  app.get<ById>('/v1/batches/:id', {
    handler: async (request) => viewOf(await batchOf(batches.deps, orgOf(request), request.params.id)),
  })

  app.post<ById>('/v1/batches/:id/cancel', {
    handler: async (request) => viewOf(await cancelBatch(batches.deps, orgOf(request), request.params.id)),
  })
}

function read(bytes: Uint8Array): z.infer<typeof createBody> {
  const parsed = createBody.safeParse(objectOf(parseJson(bytes)))
  if (parsed.success) return parsed.data
  const field = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new AppError('invalid_input', { publicMessage: `'${field}' is missing or not valid.`, field })
}

function idempotencyOf(request: FastifyRequest): { key: string; fingerprint: string } | null {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || key === '') return null
  if (key.length <= KEY_LENGTH_MAX) return { key, fingerprint: digestOf('/v1/batches', bodyOf(request)) }
  throw new AppError('invalid_input', {
    publicMessage: `The header Idempotency-Key may have ${KEY_LENGTH_MAX} characters.`,
    field: 'Idempotency-Key',
  })
}
