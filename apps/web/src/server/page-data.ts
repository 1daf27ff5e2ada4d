/**
 * How pages and actions call the API: what is not there is the 404 page, who is not signed in is sent to sign in, and
 * anything else reaches the error boundary with its owner and a request id, never with an internal message.
 */
import { apiErrorOf, type ApiCaller } from '@isochrone/api'
import { newId, type AppError } from '@isochrone/domain'
import { notFound, redirect, unstable_rethrow } from 'next/navigation'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionApi, api, viewer } from './context.ts'
import { platform } from './platform.ts'

/** Next shows only an error's `digest` to the browser; this one carries `code:owner:requestId`. */
class PageError extends Error {
  readonly digest: string
  constructor(error: AppError, requestId: string) {
    super(error.publicMessage, { cause: error })
    this.digest = `${error.code}:${error.owner}:${requestId}`
  }
}

/** Data for a page. `path` is where to come back to after signing in. */
export async function pageData<T>(path: string, load: (caller: ApiCaller) => Promise<T>): Promise<T> {
  try {
    return await load(await api())
  } catch (thrown) {
    unstable_rethrow(thrown)
    const error = apiErrorOf(thrown)
    if (error.code === 'not_found') notFound()
    if (error.code === 'unauthenticated') redirect(`/sign-in?next=${encodeURIComponent(path)}`)
    if (error.code === 'forbidden') await welcomeWhoHasNoOrganisation(path)
    throw new PageError(error, await report(error))
  }
}

async function welcomeWhoHasNoOrganisation(path: string): Promise<void> {
  if ((await viewer())?.activeOrganisation === null) redirect(`/welcome?next=${encodeURIComponent(path)}`)
}

/** Runs a mutation for a form and turns whatever it throws into a result that the form can show. */
export async function actionResult<T>(run: (caller: ApiCaller) => Promise<T>): Promise<ActionResult<T>> {
  try {
    return { ok: true, data: await run(await actionApi()) }
  } catch (thrown) {
    unstable_rethrow(thrown)
    const error = apiErrorOf(thrown)
    const { code, owner, publicMessage: message, field } = error
    return { ok: false, error: { code, owner, message, field: field ?? null, requestId: await report(error) } }
  }
}

/** Logs what failed under a fresh id, and returns the id for the person to quote. */
async function report(failure: AppError): Promise<string> {
  const requestId = newId('req')
  const level = failure.owner === 'client' ? 'info' : 'error'
  const held = await platform().catch(() => null)
  held?.logger[level]({ requestId, code: failure.code, err: failure.cause ?? failure }, 'a page or action failed')
  return requestId
}
