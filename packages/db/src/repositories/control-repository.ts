/**
 * What gateways must know (keys, organisations, nodes), and the outbox through which they learn of changes.
 *
 * Versions come from one locked row, so they are committed in order and without gaps.
 */
import type { DbOrTx } from '../create-db.ts'
import type { LeaseStatus, Prisma } from '../generated/client.ts'

const COUNTER_ID = 1
/** Leases whose name gateways answer to, if only to say that it is being moved. */
const served: LeaseStatus[] = ['requested', 'provisioning', 'running', 'moving']

/** @param db a transaction wherever several calls must agree. */
export function controlRepository(db: DbOrTx) {
  return {
    /** Appends events and returns the version of the last one. Holds the counter until the transaction ends. */
    async append(states: readonly object[]): Promise<number> {
      if (states.length === 0) return currentVersion(db)
      const rows = await db.$queryRaw<{ version: bigint }[]>`
        insert into control_counter (id, version) values (${COUNTER_ID}, ${states.length})
        on conflict (id) do update set version = control_counter.version + ${states.length}
        returning version`
      const last = Number(rows[0]?.version ?? 0n)
      const first = last - states.length + 1
      await db.controlEvent.createMany({
        data: states.map((state, index) => ({
          version: BigInt(first + index),
          state: state as Prisma.InputJsonObject,
        })),
      })
      return last
    },

    /** Version of the last event that this transaction sees; 0 when there is none. */
    version: () => currentVersion(db),

    /** Oldest first. */
    async unpublished(limit: number): Promise<{ version: number; state: unknown }[]> {
      const rows = await db.controlEvent.findMany({
        where: { published: false },
        orderBy: { version: 'asc' },
        take: limit,
        select: { version: true, state: true },
      })
      return rows.map((row) => ({ version: Number(row.version), state: row.state }))
    },

    async markPublished(upToVersion: number): Promise<void> {
      await db.controlEvent.updateMany({
        where: { published: false, version: { lte: BigInt(upToVersion) } },
        data: { published: true },
      })
    },

    /** All keys, or those named. */
    async apiKeys(ids?: readonly string[]) {
      const rows = await db.apiKey.findMany({
        ...(ids && { where: { id: { in: [...ids] } } }),
        select: { id: true, key: true, name: true, referenceId: true, enabled: true, expiresAt: true },
      })
      const limits = await db.apiKeyLimits.findMany({ ...(ids && { where: { keyId: { in: [...ids] } } }) })
      const limitsOf = new Map(limits.map((row) => [row.keyId, row]))
      const budgets = await db.apiKeyBudget.findMany({ ...(ids && { where: { keyId: { in: [...ids] } } }) })
      const budgetOf = new Map(
        budgets.map(({ keyId, period, microUsd, version }) => [
          keyId,
          { period, microUsd: microUsd.toString(), version: Number(version) },
        ]),
      )
      return rows.map((row) => ({
        keyId: row.id,
        name: row.name,
        keyHash: row.key,
        orgId: row.referenceId,
        enabled: row.enabled,
        expiresAtMs: row.expiresAt?.getTime() ?? null,
        requestsPerMinuteMax: limitsOf.get(row.id)?.requestsPerMinuteMax ?? null,
        tokensPerMinuteMax: limitsOf.get(row.id)?.tokensPerMinuteMax ?? null,
        budget: budgetOf.get(row.id) ?? null,
      }))
    },

    /** All organisations, or those named; with defaults where they have no settings yet. */
    async organisations(ids?: readonly string[]) {
      const some = ids ? { in: [...ids] } : undefined
      const [organisations, settings, channels] = [
        await db.organization.findMany({ ...(some && { where: { id: some } }), select: { id: true, name: true } }),
        await db.orgSettings.findMany({ ...(some && { where: { orgId: some } }) }),
        await db.channel.findMany({ ...(some && { where: { orgId: some } }), select: { id: true, orgId: true } }),
      ]
      const settingsOf = new Map(settings.map((row) => [row.orgId, row]))
      const channelOf = new Map(channels.map((row) => [row.orgId, row.id]))
      return organisations.map(({ id, name }) => {
        const row = settingsOf.get(id)
        return {
          orgId: id,
          name,
          channelId: channelOf.get(id) ?? null,
          requestsPerMinuteMax: row?.requestsPerMinuteMax ?? 6_000,
          concurrentRequestsMax: row?.concurrentRequestsMax ?? 256,
          tokensPerMinuteMax: row?.tokensPerMinuteMax ?? null,
          routing: row?.routing ?? {},
        }
      })
    },

    /** All gateways that ever introduced themselves, or those named by their lane. */
    gateways: (lanes?: readonly string[]) =>
      db.gatewayLane.findMany({
        ...(lanes && { where: { lane: { in: [...lanes] } } }),
        select: { lane: true, url: true, region: true, country: true },
        orderBy: { lane: 'asc' },
      }),

    /** All leases that are served or about to be again, or those named. */
    async leaseStates(ids?: readonly string[]) {
      const rows = await db.lease.findMany({
        where: ids ? { id: { in: [...ids] } } : { status: { in: served } },
        select: { id: true, orgId: true, model: true, nodeId: true, status: true },
      })
      return rows.map(({ id, orgId, model, nodeId, status }) => ({
        leaseId: id,
        orgId,
        model,
        nodeId: status === 'running' ? nodeId : null,
        active: served.includes(status),
      }))
    },

    /** All nodes, or those named by their bytes32, each with its provider and terms. */
    async nodes(nodeIds?: readonly string[]) {
      const rows = await db.node.findMany({
        ...(nodeIds && { where: { nodeId: { in: [...nodeIds] } } }),
        include: {
          provider: { select: { name: true, orgId: true } },
          terms: { select: { values: true, document: true } },
        },
      })
      const checked = await db.nodeVerification.findMany({
        where: { status: 'failed', ...(nodeIds && { nodeId: { in: [...nodeIds] } }) },
        select: { nodeId: true },
      })
      const failed = new Set(checked.map(({ nodeId }) => nodeId))
      return rows.map((row) => ({
        nodeId: row.nodeId,
        id: row.id,
        name: row.name,
        providerId: row.providerId,
        providerName: row.provider.name,
        providerOrgId: row.provider.orgId,
        active: row.status === 'active',
        barred: failed.has(row.nodeId),
        termsHash: row.termsHash,
        terms: row.terms.values as unknown,
        termsDocument: row.terms.document as unknown,
        region: row.region,
        country: row.country,
        failureDomain: row.failureDomain,
        simulated: row.simulated,
        tier: row.tier,
        dataPolicy: row.dataPolicy,
        trust: row.trust,
        gpuClass: row.gpuClass,
      }))
    },
  }
}

export type ControlRepository = ReturnType<typeof controlRepository>

async function currentVersion(db: DbOrTx): Promise<number> {
  const row = await db.controlCounter.findUnique({ where: { id: COUNTER_ID } })
  return Number(row?.version ?? 0n)
}
