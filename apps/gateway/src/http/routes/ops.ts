/** Health and metrics. */
import type { FastifyInstance } from 'fastify'
import type { GatewayDeps } from '../gateway-deps.ts'

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
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await deps.metrics.render()
    return reply.type(contentType).send(body)
  })
}
