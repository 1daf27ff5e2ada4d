'use server'
/** What forms do to the account. */
import type { ViewerOrganisation } from '@isochrone/services'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

export async function createOrganisation(input: {
  name: string
  key: string
}): Promise<ActionResult<ViewerOrganisation>> {
  return actionResult((api) => api.session.createOrganisation(input))
}

/** Where somebody who has just signed in goes: on, or to name an organisation first; staff without one to their page. */
export async function landingOf(input: { next: string }): Promise<ActionResult<string>> {
  return actionResult(async (api) => {
    const person = await api.session.me()
    if (!person || person.activeOrganisation) return input.next
    return person.admin ? '/admin' : `/welcome?next=${encodeURIComponent(input.next)}`
  })
}
