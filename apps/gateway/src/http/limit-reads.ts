/** The hook that counts how often a caller asks for what is kept. */
import type { FastifyInstance } from 'fastify'
import { authenticate, type Caller } from './authenticate.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { createReadLimits } from './read-limits.ts'

/** Of routes, so that no spelling of a path goes past them. */
const READ_ROUTES = /^\/v1\/(?:jobs|responses|files|batches|models)(?:\/|$)/

/** Counts before the route looks anything up. What creates something has limits of its own. */
export function limitReads(app: FastifyInstance, deps: GatewayDeps): void {
  const limits = deps.readLimits ?? createReadLimits(deps.clock)
  app.addHook('onRequest', (request, _reply, next) => {
    const { method, headers } = request
    const { url: route = '' } = request.routeOptions
    const isCreation = method === 'POST' && !route.endsWith('/cancel')
    if (isCreation || !READ_ROUTES.test(route)) return next()
    const caller = callerOf(deps, headers.authorization)
    try {
      if (caller) limits.take(caller.organisation.orgId, caller.key.keyId)
      next()
    } catch (error) {
      next(error as Error)
    }
  })
}

/** Null for whom the route refuses by itself, with its own words. */
function callerOf(deps: GatewayDeps, authorization: string | undefined): Caller | null {
  if (deps.notReady() !== null) return null
  try {
    return authenticate(authorization, deps.control, deps.clock.nowMs())
  } catch {
    return null
  }
}
