import type { FastifyRequest } from 'fastify'

/** The body's bytes; an absent body reads as an empty one. */
export function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array()
}
