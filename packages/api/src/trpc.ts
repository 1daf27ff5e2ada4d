/**
 * tRPC's base: the context, who may call what, and errors mapped from `AppError`.
 *
 * A procedure says its access once; its middleware enforces it and narrows the context, so a router cannot forget. What
 * a caller may not see is `not_found` where its existence is a secret, `forbidden` where only the role is wrong.
 */
import { AppError, isAppError, toAppError, type ErrorCode } from '@isochrone/domain'
import type { ControlPlane, Viewer, ViewerOrganisation } from '@isochrone/services'
import { initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import type { Access } from './access.ts'
import { activeOrganisation } from './active-organisation.ts'

export interface ApiContext {
  controlPlane: ControlPlane
  /** Null for a visitor who is not signed in. */
  viewer: Viewer | null
  /** Id of the organisation that the caller's page was opened for, where it says so. */
  openedFor?: string | null
}

const trpcCodes = {
  invalid_input: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  insufficient_balance: 'PAYMENT_REQUIRED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  misdirected: 'PRECONDITION_FAILED',
  state_conflict: 'CONFLICT',
  rate_limited: 'TOO_MANY_REQUESTS',
  payload_too_large: 'PAYLOAD_TOO_LARGE',
  unsupported_media_type: 'UNSUPPORTED_MEDIA_TYPE',
  capacity_unavailable: 'SERVICE_UNAVAILABLE',
  provider_failed: 'BAD_GATEWAY',
  provider_timeout: 'GATEWAY_TIMEOUT',
  deadline_exceeded: 'TIMEOUT',
  chain_unavailable: 'SERVICE_UNAVAILABLE',
  busy: 'SERVICE_UNAVAILABLE',
  internal: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<ErrorCode, TRPCError['code']>

const t = initTRPC
  .context<ApiContext>()
  .meta<{ access: Access }>()
  .create({
    transformer: superjson,
    errorFormatter: ({ shape, error }) => {
      const appError = apiErrorOf(error)
      return {
        ...shape,
        message: appError.publicMessage,
        data: {
          code: shape.data.code,
          httpStatus: appError.httpStatus,
          appCode: appError.code,
          owner: appError.owner,
          field: appError.field ?? null,
          retryAfterS: appError.retryAfterS ?? null,
        },
      }
    },
  })

/** The `AppError` behind whatever a procedure threw, for pages and for the HTTP edge. */
export function apiErrorOf(error: unknown): AppError {
  if (isAppError(error)) return error
  if (error instanceof TRPCError) {
    if (isAppError(error.cause)) return error.cause
    if (error.code === 'BAD_REQUEST') return inputError(error)
    if (error.code === 'NOT_FOUND') return new AppError('not_found', { publicMessage: 'There is no such procedure.' })
  }
  return toAppError(error)
}

/** zod's first complaint, naming the field. */
function inputError(error: TRPCError): AppError {
  const issues = (error.cause as { issues?: { path: PropertyKey[]; message: string }[] } | undefined)?.issues
  const first = issues?.[0]
  const field = first?.path.map(String).join('.')
  return new AppError('invalid_input', {
    publicMessage: first ? `${field ? `${field}: ` : ''}${first.message}` : 'The input is not valid.',
    ...(field ? { field } : {}),
    cause: error,
  })
}

const mapErrors = t.middleware(async ({ next }) => {
  const result = await next()
  if (!result.ok && isAppError(result.error.cause)) {
    throw new TRPCError({
      code: trpcCodes[result.error.cause.code],
      message: result.error.cause.publicMessage,
      cause: result.error.cause,
    })
  }
  return result
})

const base = t.procedure.use(mapErrors)

function signedIn(viewer: Viewer | null): Viewer {
  if (!viewer) throw new AppError('unauthenticated', { publicMessage: 'Sign in to see this.' })
  return viewer
}

export const router = t.router
export const createCallerFactory = t.createCallerFactory

/** Anyone. */
export const publicProcedure = base.meta({ access: 'public' })

/** Anyone who is signed in. */
export const userProcedure = base
  .meta({ access: 'user' })
  .use(({ ctx, next }) => next({ ctx: { viewer: signedIn(ctx.viewer) } }))

/** A member of the active organisation. */
export const orgProcedure = base.meta({ access: 'org' }).use(({ ctx, next }) => {
  const viewer = signedIn(ctx.viewer)
  return next({ ctx: { viewer, org: activeOrganisation(viewer, ctx.openedFor) } })
})

/** An owner or admin of the active organisation: what spends money or hands out access. */
export const orgAdminProcedure = base.meta({ access: 'org-admin' }).use(({ ctx, next }) => {
  const viewer = signedIn(ctx.viewer)
  return next({ ctx: { viewer, org: administered(viewer, ctx.openedFor) } })
})

/** A member of an organisation that is a provider. */
export const providerProcedure = base.meta({ access: 'provider' }).use(({ ctx, next }) => {
  const viewer = signedIn(ctx.viewer)
  const org = activeOrganisation(viewer, ctx.openedFor)
  return next({ ctx: { viewer, org, providerId: providerOf(org) } })
})

/** An owner or admin of an organisation that is a provider. */
export const providerAdminProcedure = base.meta({ access: 'provider-admin' }).use(({ ctx, next }) => {
  const viewer = signedIn(ctx.viewer)
  const org = administered(viewer, ctx.openedFor)
  return next({ ctx: { viewer, org, providerId: providerOf(org) } })
})

/** Platform staff. To others these pages do not exist. */
export const adminProcedure = base.meta({ access: 'admin' }).use(({ ctx, next }) => {
  const viewer = signedIn(ctx.viewer)
  if (!viewer.admin) throw new AppError('not_found', { publicMessage: 'There is nothing here.' })
  return next({ ctx: { viewer } })
})

/**
 * What staff change. Written into the append-only log before it runs, so that nothing happens unlogged, and how it ended
 * after.
 */
export const adminActionProcedure = adminProcedure.use(async ({ ctx, next, path, getRawInput }) => {
  const { userId, email } = ctx.viewer
  const input = await getRawInput()
  const note = (outcome: string) => ctx.controlPlane.audit.note({ userId, email, action: path, input, outcome })
  await note('asked')
  const result = await next()
  await note(result.ok ? 'done' : apiErrorOf(result.error).code)
  return result
})

function administered(viewer: Viewer, openedFor?: string | null): ViewerOrganisation {
  const org = activeOrganisation(viewer, openedFor)
  if (org.role === 'member') {
    throw new AppError('forbidden', { publicMessage: `Only owners and admins of ${org.name} may do this.` })
  }
  return org
}

function providerOf(org: ViewerOrganisation): string {
  if (org.providerId) return org.providerId
  throw new AppError('forbidden', { publicMessage: `${org.name} is not a provider yet.` })
}
