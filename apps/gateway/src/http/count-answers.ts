/**
 * Answers that are no model's, of as long as they take: a response that is followed, a file that comes or goes. A gateway that is told
 * to stop waits for them too. Requests to models are counted by their limits.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { endpoints } from './endpoints.ts'
import type { GatewayDeps } from './gateway-deps.ts'

/** For every route that is added after it. */
export function countAnswers(app: FastifyInstance, { requestLimits }: Pick<GatewayDeps, 'requestLimits'>): void {
  const count = (_request: FastifyRequest, reply: FastifyReply, next: () => void): void => {
    reply.raw.once('close', requestLimits.join())
    next()
  }
  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/v1/') || route.url in endpoints) return
    const before = route.onRequest ?? []
    route.onRequest = [count, ...(Array.isArray(before) ? before : [before])]
  })
}
