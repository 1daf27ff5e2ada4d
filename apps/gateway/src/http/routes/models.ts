/**
 * `GET /v1/models`: what can be asked for now, with the nodes that serve it and whether their timing is simulated. To the keys
 * of an organisation its leases that run are models too, by their ids; to all others they do not exist.
 */
import { AppError } from '@isochrone/domain'
import type { FastifyInstance } from 'fastify'
import { authenticate, requireReady } from '../authenticate.ts'
import type { GatewayDeps } from '../gateway-deps.ts'

interface ModelView {
  id: string
  object: 'model'
  created: number
  owned_by: string
  isochrone: {
    nodes: number
    simulatedNodes: number
    contextTokensMax: number
    quantisations: string[]
    /** Of a lease: the model that its engine runs. */
    leased?: string
  }
}

export function modelRoutes(app: FastifyInstance, deps: GatewayDeps): void {
  app.get('/v1/models', (request) => {
    requireReady(deps)
    const { organisation } = authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    return { object: 'list', data: [...modelsOf(deps).values(), ...leasesOf(deps, organisation.orgId).values()] }
  })
  app.get<{ Params: { '*': string } }>('/v1/models/*', (request) => {
    requireReady(deps)
    const { organisation } = authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    const { '*': id } = request.params
    const found = modelsOf(deps).get(id) ?? leasesOf(deps, organisation.orgId).get(id)
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

/** Those whose node is linked here: at another gateway they cannot be asked. */
function leasesOf({ sessions, control }: GatewayDeps, orgId: string): Map<string, ModelView> {
  const models = new Map<string, ModelView>()
  for (const { leaseId, model, nodeId } of control.leasesOf(orgId)) {
    const session = nodeId === null ? undefined : sessions.byNode(nodeId)
    const served = session?.models.find((each) => each.model === model)
    if (!session || !served) continue
    const view = emptyView(leaseId, session.linkedSinceMs)
    const { contextTokensMax, quantisation, simulated } = served
    const isochrone = { nodes: 1, simulatedNodes: simulated ? 1 : 0, contextTokensMax, quantisations: [quantisation] }
    models.set(leaseId, { ...view, isochrone: { ...isochrone, leased: model } })
  }
  return models
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
