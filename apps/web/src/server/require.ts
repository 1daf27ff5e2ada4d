/** Doors of pages: who is not signed in goes to sign in, who has no organisation goes to name one. */
import type { Viewer, ViewerOrganisation } from '@isochrone/services'
import { redirect } from 'next/navigation'
import { viewer } from './context.ts'

export async function requireViewer(path: string): Promise<Viewer> {
  const person = await viewer()
  if (!person) redirect(`/sign-in?next=${encodeURIComponent(path)}`)
  return person
}

export async function requireOrganisation(path: string): Promise<ViewerOrganisation> {
  const person = await requireViewer(path)
  if (!person.activeOrganisation) redirect(`/welcome?next=${encodeURIComponent(path)}`)
  return person.activeOrganisation
}

/** Why the viewer may not change things here, or undefined when they may. */
export function adminOnlyReason(organisation: ViewerOrganisation): string | undefined {
  return organisation.role === 'member' ? `Only owners and admins of ${organisation.name} may do this.` : undefined
}
