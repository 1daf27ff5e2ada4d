/** Who sends a request, by its session cookie. */
import type { ControlPlane, Viewer } from '@isochrone/services'
import type { Auth } from './create-auth.ts'

/** Null for a visitor, an expired session, and an account that is gone. */
export async function viewerFromHeaders(
  deps: { auth: Pick<Auth, 'api'>; controlPlane: Pick<ControlPlane, 'accounts'> },
  headers: Headers,
): Promise<Viewer | null> {
  const found = await deps.auth.api.getSession({ headers })
  if (!found) return null
  return deps.controlPlane.accounts.viewer({
    userId: found.user.id,
    activeOrgId: found.session.activeOrganizationId ?? null,
  })
}
