/** Demo accounts and their organisations, each made once. */
import type { Auth } from '@isochrone/api'
import type { Store } from '@isochrone/db'
import { createOrganisation } from '@isochrone/services'
import type { SeedParts } from './seed-parts.ts'

export interface DemoUser {
  email: string
  name: string
  password: string
}

/** The account's id; signs it up the first time. */
export async function ensureUser(store: Store, auth: Auth, user: DemoUser): Promise<string> {
  const known = await store.accounts.userIdByEmail(user.email)
  if (known) return known
  const { email, name, password } = user
  const created = await auth.api.signUpEmail({ body: { email, name, password } })
  return created.user.id
}

/** The organisation's id, found by its slug. */
export async function ensureOrganisation(
  { store, deps }: Pick<SeedParts, 'store' | 'deps'>,
  input: { userId: string; name: string; slug: string },
): Promise<string> {
  const known = await store.accounts.organisationBySlug(input.slug)
  return known?.id ?? (await createOrganisation(deps, input)).id
}
