import type { FastifyRequest } from 'fastify'

/** A link frame holds 16 MiB, the request's header included. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024

/** The body's bytes; an absent body reads as an empty one. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array()
}
