/**
 * For which organisation a caller acts: the one that is active in the session, for all of a person's tabs at once. A page that
 * was opened for another one is refused, so that no form acts for an organisation that its page did not show.
 */
import { AppError, ORGANISATION_HEADER } from '@isochrone/domain'
import type { Viewer, ViewerOrganisation } from '@isochrone/services'

/** The organisation that the caller's page was opened for; null where it does not say. */
export function openedFor(headers: Headers): string | null {
  return headers.get(ORGANISATION_HEADER) || null
}

/** Throws `forbidden` without an organisation, `state_conflict` where the page was opened for another one. */
export function activeOrganisation(viewer: Viewer, openedForId: string | null = null): ViewerOrganisation {
  const active = viewer.activeOrganisation
  if (!active) throw new AppError('forbidden', { publicMessage: 'Create or choose an organisation first.' })
  if (openedForId === null || openedForId === active.id) return active
  const shown = viewer.organisations.find(({ id }) => id === openedForId)?.name ?? 'another organisation'
  throw new AppError('state_conflict', {
    publicMessage: `This tab was opened for ${shown}, and you work for ${active.name} now. Nothing was done. Reload the page to go on.`,
  })
}
