'use server'
/** What forms do to the account. */
import type { ViewerOrganisation } from '@isochrone/services'
import type { ActionResult } from '~/lib/result.ts'
import { actionResult } from '~/server/page-data.ts'

export async function createOrganisation(input: { name: string }): Promise<ActionResult<ViewerOrganisation>> {
  return actionResult((api) => api.session.createOrganisation(input))
}

/** Whether the person who has just signed in still needs an organisation. */
export async function needsOrganisation(): Promise<ActionResult<boolean>> {
  return actionResult(async (api) => (await api.session.me())?.activeOrganisation === null)
}
