/** People, their organisations and how these are routed. Sign-in itself belongs to better-auth. */
import type { DbOrTx } from '../create-db.ts'
import type { Prisma } from '../generated/client.ts'

export function accountsRepository(db: DbOrTx) {
  return {
    async user(userId: string) {
      const row = await db.user.findUnique({
        where: { id: userId },
        select: {
          id: true,
          name: true,
          email: true,
          role: true,
          members: {
            select: { role: true, organization: { select: { id: true, name: true, slug: true } } },
            orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
          },
        },
      })
      if (!row) return null
      const providers = await db.provider.findMany({
        where: { orgId: { in: row.members.map(({ organization }) => organization.id) } },
        select: { id: true, orgId: true },
      })
      const providerOf = new Map(providers.map((provider) => [provider.orgId, provider.id]))
      const { members, ...user } = row
      return {
        ...user,
        memberships: members.map(({ role, organization }) => ({
          orgId: organization.id,
          orgName: organization.name,
          slug: organization.slug,
          role,
          providerId: providerOf.get(organization.id) ?? null,
        })),
      }
    },

    async userIdByEmail(email: string): Promise<string | null> {
      const row = await db.user.findUnique({ where: { email: email.toLowerCase() }, select: { id: true } })
      return row?.id ?? null
    },

    async setRole(userId: string, role: 'user' | 'admin'): Promise<void> {
      await db.user.update({ where: { id: userId }, data: { role } })
    },

    async organisationBySlug(slug: string): Promise<{ id: string; name: string } | null> {
      return db.organization.findUnique({ where: { slug }, select: { id: true, name: true } })
    },

    /** With its owner and default settings; false where this user's form, or another of its slug, has made one already. */
    async insertOrganisation(input: {
      id: string
      name: string
      slug: string
      memberId: string
      userId: string
      formKey: string | null
    }): Promise<boolean> {
      const { id, name, slug, memberId, userId, formKey } = input
      const data = [{ id, name, slug, createdBy: userId, formKey }]
      const { count } = await db.organization.createMany({ data, skipDuplicates: true })
      if (count === 0) return false
      await db.member.create({ data: { id: memberId, userId, organizationId: id, role: 'owner' } })
      await db.orgSettings.create({ data: { orgId: id } })
      return true
    },

    async organisationByFormKey(userId: string, formKey: string): Promise<{ id: string; name: string } | null> {
      const where = { createdBy_formKey: { createdBy: userId, formKey } }
      return db.organization.findUnique({ where, select: { id: true, name: true } })
    },

    async settings(orgId: string) {
      return db.orgSettings.findUnique({ where: { orgId } })
    },

    /**
     * @param routing the whole policy, in the words of the API: it replaces the one before.
     * @param seen writes only where this one stands, or the new one already; false where another does.
     */
    async saveRouting(orgId: string, routing: object, seen?: object): Promise<boolean> {
      const json = routing as Prisma.InputJsonObject
      if (seen !== undefined) {
        await db.orgSettings.createMany({ data: [{ orgId }], skipDuplicates: true })
        const stands = [seen, routing].map((each) => ({ routing: { equals: each } }))
        return (await db.orgSettings.updateMany({ where: { orgId, OR: stands }, data: { routing: json } })).count === 1
      }
      await db.orgSettings.upsert({ where: { orgId }, create: { orgId, routing: json }, update: { routing: json } })
      return true
    },
  }
}
