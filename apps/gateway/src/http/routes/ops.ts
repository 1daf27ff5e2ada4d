/** Health, which anybody may ask for, and metrics, which need the token: they say how much is sold, and of what. */
import type { FastifyInstance } from 'fastify'
import type { GatewayDeps } from '../gateway-deps.ts'
import { requireInternalToken } from '../internal-token.ts'

export function opsRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  app.get('/healthz', (_request, reply) => {
    const why = deps.notReady()
    return reply.code(why === null ? 200 : 503).send({
      status: why === null ? 'ok' : 'unavailable',
      reason: why,
      lane: deps.lane.id,
      region: deps.lane.region,
      controlVersion: deps.control.version,
      linkedNodes: deps.sessions.all().length,
      activeRequests: deps.requestLimits.active(),
    })
  })
  app.get('/metrics', async (request, reply) => {
    requireInternalToken(request.headers.authorization, deps.internalToken)
    const { contentType, body } = await deps.metrics.render()
    return reply.type(contentType).send(body)
  })
}
