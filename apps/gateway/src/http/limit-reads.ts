/**
 * The door of what is kept: jobs, background responses, files, batches, and the list of models. Who calls is known, and counted, by
 * the headers alone, so that a stranger's body is never waited for; and no more is read of a body than these routes can need.
 */
import type { FastifyInstance } from 'fastify'
import { authenticate, requireReady } from './authenticate.ts'
import { endpoints } from './endpoints.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { createReadLimits } from './read-limits.ts'

/** Of routes, so that no spelling of a path goes past it. */
const KEPT_ROUTES = /^\/v1\/(?:jobs|responses|files|batches|models)(?:\/|$)/
/** A batch with all its metadata has 10 KiB. An upload is no JSON: it is read as it comes, by its own limit. */
const BODY_BYTES_MAX = 64 * 1024

/** What runs a model, a response among them, has limits of its own. */
const isKept = (route: string): boolean => KEPT_ROUTES.test(route) && !(route in endpoints)

/** For every route that is added after it. */
export function limitReads(app: FastifyInstance, deps: GatewayDeps): void {
  const limits = deps.readLimits ?? createReadLimits(deps.clock)
  app.addHook('onRoute', (route) => {
    if (isKept(route.url)) route.bodyLimit ??= BODY_BYTES_MAX
  })
  app.addHook('onRequest', (request, _reply, next) => {
    if (!isKept(request.routeOptions.url ?? '')) return next()
    requireReady(deps)
    const { organisation, key } = authenticate(request.headers.authorization, deps.control, deps.clock.nowMs())
    limits.take(organisation.orgId, key.keyId)
    next()
  })
}
