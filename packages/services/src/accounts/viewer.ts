/** Who is looking: a person, the organisations that they belong to, and the one that they are working in. */

export interface ViewerOrganisation {
  id: string
  name: string
  slug: string
  role: 'owner' | 'admin' | 'member'
  /** bytes32 of the provider that this organisation is, null for a team that only buys. */
  providerId: string | null
}

export interface Viewer {
  userId: string
  name: string
  email: string
  /** Platform staff see the admin pages. */
  admin: boolean
  organisations: ViewerOrganisation[]
  /** The one that the session has chosen, else the first; null while there is none. */
  activeOrganisation: ViewerOrganisation | null
}
