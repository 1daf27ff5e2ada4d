/** `GET /v1/models`: what can be asked for now, with the nodes that serve it and whether their timing is simulated. */
import { AppError } from '@isochrone/domain'
import type { FastifyInstance } from 'fastify'
import { authenticate, requireReady } from '../authenticate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

interface ModelView {
  id: string
  object: 'model'
  created: number
  owned_by: string
  isochrone: { nodes: number; simulatedNodes: number; contextTokensMax: number; quantisations: string[] }
}

export function modelRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  app.get('/v1/models', (request) => {
    requireReady(deps)
    authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    return { object: 'list', data: [...modelsOf(deps).values()] }
  })
  app.get<{ Params: { '*': string } }>('/v1/models/*', (request) => {
    requireReady(deps)
    authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    const found = modelsOf(deps).get(request.params['*'])
    if (found) return found
    throw new AppError('not_found', {
      publicMessage: 'No node serves this model at this moment.',
      field: 'model',
      details: { reason: 'model_not_found' },
    })
  })
}

function modelsOf({ sessions, control }: GatewayDeps): Map<string, ModelView> {
  const models = new Map<string, ModelView>()
  for (const session of sessions.all()) {
    const node = control.node(session.nodeId)
    if (!node?.active) continue
    for (const served of session.models) {
      let view = models.get(served.model)
      if (!view) models.set(served.model, (view = emptyView(served.model, session.linkedSinceMs)))
      const { isochrone } = view
      isochrone.nodes++
      if (served.simulated) isochrone.simulatedNodes++
      isochrone.contextTokensMax = Math.max(isochrone.contextTokensMax, served.contextTokensMax)
      if (!isochrone.quantisations.includes(served.quantisation)) isochrone.quantisations.push(served.quantisation)
    }
  }
  return new Map([...models].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function emptyView(id: string, sinceMs: number): ModelView {
  return {
    id,
    object: 'model',
    created: Math.floor(sinceMs / 1_000),
    owned_by: 'isochrone',
    isochrone: { nodes: 0, simulatedNodes: 0, contextTokensMax: 0, quantisations: [] },
  }
}
