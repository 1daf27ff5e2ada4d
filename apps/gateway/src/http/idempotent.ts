/** The `Idempotency-Key` header: to a claim or to the answer that is there. Requests without it meet nothing of this. */
import { AppError } from '@isochrone/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { KEY_LENGTH_MAX, type Idempotency } from '../idempotency/idempotency.ts'
import { digestOf, type KeptAnswer } from '../idempotency/kept-answer.ts'
import { toOpenAiError } from './openai-error.ts'
import { bodyOf } from './body-of.ts'
import type { GatewayDeps } from './gateway-deps.ts'

/** Null for a request without a key. Waits while the same request is under way. */
export async function enterIdempotent(
  deps: GatewayDeps,
  orgId: string,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<Awaited<ReturnType<Idempotency['enter']>> | null> {
  const idempotencyKey = request.headers['idempotency-key']
  if (typeof idempotencyKey !== 'string' || idempotencyKey === '') return null
  if (idempotencyKey.length > KEY_LENGTH_MAX) {
    throw new AppError('invalid_input', {
      publicMessage: `The header Idempotency-Key may have ${KEY_LENGTH_MAX} characters.`,
      field: 'Idempotency-Key',
    })
  }
  const gone = new AbortController()
  const leave = () => gone.abort()
  reply.raw.once('close', leave)
  const digest = digestOf(request.url, bodyOf(request))
  return deps.idempotency
    .enter({ orgId, idempotencyKey, digest }, request.requestId, gone.signal)
    .finally(() => reply.raw.off('close', leave))
}

/** What a request that was billed and failed was answered: under its key it gets nothing else. */
export function keptError(error: unknown, requestId: string): KeptAnswer {
  const { httpStatus, headers, body } = toOpenAiError(error, requestId)
  const kept = { ...headers, 'x-request-id': requestId, 'x-should-retry': 'false' }
  return {
    httpStatus,
    headers: { ...kept, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  }
}

/** A stream is repeated as the stream that it was, at once. */
export function replay(reply: FastifyReply, { httpStatus = 200, headers, body }: KeptAnswer): FastifyReply {
  return reply
    .code(httpStatus)
    .headers({ ...headers, 'x-isochrone-replayed': 'true' })
    .send(body)
}
