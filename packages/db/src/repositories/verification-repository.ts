/** Verdicts on nodes, when they are due, the GPUs that nodes name, and answers that were asked twice. */
import type { DbOrTx } from '../create-db.ts'

type Verdict = 'valid' | 'invalid' | 'unverifiable'
type Kind = 'gpu_uuids' | 'matmul' | 'sharing' | 'region' | 'model' | 'metering'
type Status = 'pending' | 'verified' | 'unverified' | 'failed'

interface CheckRow {
  id: string
  nodeId: string
  kind: Kind
  verdict: Verdict
  finding: string
  fix: string | null
  inputs: unknown
  simulated: boolean
  checkedAt: Date
  validUntil: Date
}

interface QueueRow {
  nodeId: string
  id: string
  name: string
  providerId: string
  providerName: string
  status: 'joining' | 'active'
  trust: string
  standing: Status
  checkedAt: Date | null
  dueAt: Date
}

/** What a person typed, anywhere in the text; its own wildcards are letters. */
const like = (words: string | null): string | null => words && `%${words.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`

export function verificationRepository(db: DbOrTx) {
  return { ...dueRows(db), ...checkRows(db), ...claimRows(db), ...evidenceRows(db) }
}

function dueRows(db: DbOrTx) {
  return {
    async makeDue(nodeId: string, dueAt: Date): Promise<void> {
      await db.nodeVerification.createMany({ data: [{ nodeId, dueAt }], skipDuplicates: true })
      await db.nodeVerification.updateMany({ where: { nodeId, dueAt: { gt: dueAt } }, data: { dueAt } })
    },

    async claimDue(now: Date, claimedTo: Date, limit: number): Promise<string[]> {
      const rows = await db.$queryRaw<{ nodeId: string }[]>`
        UPDATE "node_verification" SET "claimedTo" = ${claimedTo}
        WHERE "nodeId" IN (
          SELECT "nodeId" FROM "node_verification"
          WHERE "dueAt" <= ${now} AND ("claimedTo" IS NULL OR "claimedTo" <= ${now})
          ORDER BY "dueAt" LIMIT ${limit} FOR UPDATE SKIP LOCKED)
        RETURNING "nodeId"`
      return rows.map(({ nodeId }) => nodeId)
    },

    async standing(nodeIds: readonly string[]) {
      return db.nodeVerification.findMany({ where: { nodeId: { in: [...nodeIds] } } })
    },

    async finish(row: { nodeId: string; status: Status; dueAt: Date; checkedAt: Date }): Promise<void> {
      const { nodeId, ...data } = row
      await db.nodeVerification.updateMany({ where: { nodeId }, data: { ...data, claimedTo: null } })
    },

    async acceptReport(nodeId: string, sentAtMs: number): Promise<boolean> {
      await db.nodeVerification.createMany({ data: [{ nodeId, dueAt: new Date() }], skipDuplicates: true })
      const { count } = await db.nodeVerification.updateMany({
        where: { nodeId, reportedMs: { lt: BigInt(sentAtMs) } },
        data: { reportedMs: BigInt(sentAtMs) },
      })
      return count === 1
    },
  }
}

function checkRows(db: DbOrTx) {
  return {
    async insertChecks(rows: readonly CheckRow[]): Promise<void> {
      await db.verificationCheck.createMany({
        data: rows.map(({ inputs, ...row }) => ({ ...row, inputs: inputs as object })),
      })
    },

    async newestChecks(nodeIds: readonly string[]): Promise<CheckRow[]> {
      const rows = await db.$queryRaw<CheckRow[]>`
        SELECT DISTINCT ON ("nodeId", "kind") *
        FROM "verification_check" WHERE "nodeId" = ANY (${[...nodeIds]})
        ORDER BY "nodeId", "kind", "checkedAt" DESC`
      return rows.map(checkRow)
    },

    async queue(filter: {
      show: 'attention' | 'failed' | 'unverified' | 'due' | 'all'
      words: string | null
      now: Date
      after: { at: Date; id: string } | null
      limit: number
    }): Promise<QueueRow[]> {
      const { show, words, now, after, limit } = filter
      return db.$queryRaw<QueueRow[]>`
        SELECT n."nodeId", n."id", n."name", n."providerId", p."name" AS "providerName", n."status"::text AS "status",
               n."trust"::text AS "trust", v."status"::text AS "standing", v."checkedAt", v."dueAt"
        FROM "node_verification" v
        JOIN "node" n ON n."nodeId" = v."nodeId" AND n."status" <> 'revoked'
        JOIN "provider" p ON p."id" = n."providerId"
        WHERE CASE ${show}
            WHEN 'failed' THEN v."status" = 'failed'
            WHEN 'unverified' THEN v."status" = 'unverified'
            WHEN 'due' THEN v."dueAt" <= ${now}
            WHEN 'attention' THEN v."status" = 'failed' OR EXISTS (
              SELECT 1 FROM (
                SELECT DISTINCT ON ("kind") "verdict" FROM "verification_check"
                WHERE "nodeId" = v."nodeId" ORDER BY "kind", "checkedAt" DESC) newest
              WHERE newest."verdict" <> 'valid')
            ELSE true END
          AND (${words}::text IS NULL OR n."name" ILIKE ${like(words)} OR p."name" ILIKE ${like(words)}
               OR n."id" = ${words} OR n."nodeId" = ${words})
          AND (${after?.at ?? null}::timestamptz IS NULL
               OR (v."dueAt", v."nodeId") > (${after?.at ?? null}::timestamptz, ${after?.id ?? ''}))
        ORDER BY v."dueAt", v."nodeId" LIMIT ${limit}`
    },

    async checks(nodeId: string, limit: number): Promise<CheckRow[]> {
      const rows = await db.verificationCheck.findMany({
        where: { nodeId },
        orderBy: [{ checkedAt: 'desc' }, { id: 'asc' }],
        take: limit,
      })
      return rows.map(checkRow)
    },
  }
}

function claimRows(db: DbOrTx) {
  return {
    async claimGpus(nodeId: string, uuids: readonly string[], now: Date): Promise<void> {
      const named = [...new Set(uuids.map((uuid) => uuid.toLowerCase()))]
      await db.gpuClaim.deleteMany({ where: { nodeId, uuid: { notIn: named } } })
      await db.gpuClaim.createMany({
        data: named.map((uuid) => ({ nodeId, uuid, claimedAt: now })),
        skipDuplicates: true,
      })
    },

    /** Of claims in the same millisecond the smaller node id is the earlier one. */
    async otherClaims(nodeId: string): Promise<{ namedEarlier: string[]; namedLater: string[] }> {
      const rows = await db.$queryRaw<{ uuid: string; earlier: boolean }[]>`
        SELECT DISTINCT own."uuid", (other."claimedAt", other."nodeId") < (own."claimedAt", own."nodeId") AS earlier
        FROM "gpu_claim" own
        JOIN "gpu_claim" other ON other."uuid" = own."uuid" AND other."nodeId" <> own."nodeId"
        JOIN "node" n ON n."nodeId" = other."nodeId" AND n."status" <> 'revoked'
        WHERE own."nodeId" = ${nodeId}`
      return {
        namedEarlier: rows.filter(({ earlier }) => earlier).map(({ uuid }) => uuid),
        namedLater: rows.filter(({ earlier }) => !earlier).map(({ uuid }) => uuid),
      }
    },

    async setInventory(
      nodeId: string,
      { inventory, models, gpuClass }: { inventory: object; models: object; gpuClass: string },
    ): Promise<void> {
      await db.node.updateMany({ where: { nodeId }, data: { inventory, models, gpuClass } })
    },

    async loseTrust(nodeId: string): Promise<boolean> {
      const where = { nodeId, trust: { not: 'claimed' as const } }
      return (await db.node.updateMany({ where, data: { trust: 'claimed' } })).count === 1
    },
  }
}

function evidenceRows(db: DbOrTx) {
  return {
    async insertTrial(row: {
      requestId: string
      nodeId: string
      modelHash: string
      agreed: boolean
      references: string[]
      triedAt: Date
    }): Promise<void> {
      await db.replayTrial.createMany({ data: [row], skipDuplicates: true })
    },

    async trials(nodeId: string, modelHash: string, since: Date) {
      return db.replayTrial.findMany({
        where: { nodeId, modelHash, triedAt: { gte: since } },
        orderBy: { triedAt: 'asc' },
        take: 1_000,
      })
    },

    async meteringCounts(nodeId: string, since: Date): Promise<{ receipts: number; overstated: number }> {
      const sinceMs = BigInt(since.getTime())
      const [receipts, overstated] = [
        await db.receipt.count({ where: { nodeId, fault: 0, startedAtMs: { gte: sinceMs } } }),
        await db.meteringRecount.count({ where: { nodeId, countedAt: { gte: since } } }),
      ]
      return { receipts, overstated }
    },
  }
}

function checkRow<Row extends { kind: string }>(row: Row): Row & { kind: Kind } {
  return { ...row, kind: row.kind as Kind }
}
