/**
 * better-auth brings some forty endpoints, of which people here use six: the others answer as if they were not there, so
 * that what its next version adds is not open by itself.
 */
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx } from 'better-auth/api'
import { authAccess } from '../access.ts'

const SET_ACTIVE = '/organization/set-active'
const missing = { code: 'NOT_FOUND', message: 'There is no such thing, or it is not yours.' }

/** @param basePath of better-auth's endpoints, as `/api/auth`. */
export function onlyKnownEndpoints(basePath: string): BetterAuthPlugin {
  const open = new Set(Object.keys(authAccess))
  return {
    id: 'only-known-endpoints',
    async onRequest({ method, url }) {
      const { pathname } = new URL(url)
      if (pathname.startsWith(basePath) && open.has(`${method} ${pathname.slice(basePath.length)}`)) return
      return { response: Response.json(missing, { status: 404 }) }
    },
    hooks: {
      before: [
        {
          matcher: ({ path }) => path === SET_ACTIVE,
          // Another's organisation and one that is not there are the same to whoever asks, and leave the session as it was.
          handler: createAuthMiddleware(async (ctx) => {
            const session = await getSessionFromCtx(ctx)
            if (!session) return
            const { organizationId } = (ctx.body ?? {}) as { organizationId?: unknown }
            if (typeof organizationId !== 'string') throw new APIError('NOT_FOUND', missing)
            const where = [
              { field: 'userId', value: session.user.id },
              { field: 'organizationId', value: organizationId },
            ]
            if (!(await ctx.context.adapter.findOne({ model: 'member', where })))
              throw new APIError('NOT_FOUND', missing)
          }),
        },
      ],
    },
  }
}
