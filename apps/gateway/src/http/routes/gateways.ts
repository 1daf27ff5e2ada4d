/** `GET /v1/gateways`: where the gateways of this marketplace answer. Nodes link to each; it is no secret. */
import type { FastifyInstance } from 'fastify'
import type { ControlView } from '../../control/control-state.ts'
import type { LiveGateways } from '../../control/live-gateways.ts'

/** What a node links to at most. */
const LISTED_MAX = 64

export function gatewayRoutes(app: FastifyInstance, control: ControlView, live: LiveGateways): void {
  app.get('/v1/gateways', () => {
    const nowMs = Date.now()
    const data = [...control.gateways()]
      .filter(({ lane }) => live.isKnown(lane, nowMs))
      .slice(0, LISTED_MAX)
      .map(({ lane, url, region, country }) => ({ lane, url, region, country }))
    return { object: 'list', data }
  })
}
