/** Who a session speaks for. The active organisation counts only while the person is still a member of it. */
import type { AccountsStore } from '../ports/control-plane-store.ts'
import type { Viewer, ViewerOrganisation } from './viewer.ts'

/** Null when the account is gone. */
export async function viewerOf(
  accounts: AccountsStore,
  { userId, activeOrgId }: { userId: string; activeOrgId: string | null },
): Promise<Viewer | null> {
  const user = await accounts.user(userId)
  if (!user) return null
  const organisations = user.memberships.map((membership): ViewerOrganisation => ({
    id: membership.orgId,
    name: membership.orgName,
    slug: membership.slug,
    role: roleOf(membership.role),
    providerId: membership.providerId,
  }))
  return {
    userId: user.id,
    name: user.name,
    email: user.email,
    admin: user.role === 'admin',
    organisations,
    activeOrganisation: organisations.find(({ id }) => id === activeOrgId) ?? organisations[0] ?? null,
  }
}

/** better-auth writes several roles as a list; the strongest counts, an unknown one is a member's. */
function roleOf(text: string): ViewerOrganisation['role'] {
  const roles = new Set(text.split(',').map((role) => role.trim()))
  if (roles.has('owner')) return 'owner'
  return roles.has('admin') ? 'admin' : 'member'
}
