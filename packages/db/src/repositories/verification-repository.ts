/** Verdicts on nodes, when they are due, the GPUs that nodes name, and answers that were asked twice. */
import type { DbOrTx } from '../create-db.ts'
import { Prisma } from '../generated/client.ts'

type Verdict = 'valid' | 'invalid' | 'unverifiable'
const kinds = ['gpu_uuids', 'matmul', 'sharing', 'region', 'model', 'metering'] as const
type Kind = (typeof kinds)[number]
type Trust = 'claimed' | 'challenged' | 'attested'
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

interface MeasuredRtt {
  witness: string
  name: string
  url: string
  isPlaceSimulated: boolean
  rttUs: number
  simulated: boolean
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
      // A check that runs began before this was asked: `finish` leaves a time that was set meanwhile.
      const applies = [{ dueAt: { gt: dueAt } }, { claimedTo: { gt: dueAt } }]
      await db.nodeVerification.updateMany({ where: { nodeId, OR: applies }, data: { dueAt } })
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
      const { nodeId, status, dueAt, checkedAt } = row
      await db.$executeRaw`
        UPDATE "node_verification" SET "status" = ${status}::"VerificationStatus", "checkedAt" = ${checkedAt}, "claimedTo" = NULL,
          "dueAt" = CASE WHEN "dueAt" > ${checkedAt} THEN LEAST("dueAt", ${dueAt}) ELSE ${dueAt} END
        WHERE "nodeId" = ${nodeId}`
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

    async earlierChecks(nodeIds: readonly string[], limit: number): Promise<Omit<CheckRow, 'inputs'>[]> {
      const rows = await db.$queryRaw<Omit<CheckRow, 'inputs'>[]>`
        SELECT past.*
        FROM unnest(${[...nodeIds]}::text[]) AS node("nodeId")
        CROSS JOIN unnest(${[...kinds]}::text[]) AS check_kind("kind")
        CROSS JOIN LATERAL (
          SELECT c."id", c."nodeId", c."kind", c."verdict", c."finding", c."fix", c."simulated", c."checkedAt", c."validUntil"
          FROM "verification_check" c WHERE c."nodeId" = node."nodeId" AND c."kind" = check_kind."kind"
          ORDER BY c."checkedAt" DESC OFFSET 1 LIMIT ${limit}) past
        ORDER BY past."checkedAt" DESC, past."nodeId", past."kind"`
      return rows.map(checkRow)
    },

    async standingChecks(nodeId: string, now: Date): Promise<CheckRow[]> {
      const rows = await db.$queryRaw<CheckRow[]>`
        SELECT DISTINCT ON ("kind") *
        FROM "verification_check"
        WHERE "nodeId" = ${nodeId} AND "verdict" <> 'unverifiable' AND "validUntil" > ${now}
        ORDER BY "kind", "checkedAt" DESC`
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

    async checksOf(nodeId: string, kind: Kind, since: Date, limit: number): Promise<CheckRow[]> {
      const rows = await db.verificationCheck.findMany({
        where: { nodeId, kind, checkedAt: { gte: since } },
        orderBy: { checkedAt: 'desc' },
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
      said: { inventory: object; models: object; engine: object | null; gpuClass: string },
    ): Promise<void> {
      const data = { ...said, engine: said.engine ?? Prisma.DbNull }
      await db.node.updateMany({ where: { nodeId }, data })
    },

    async moveTrust(nodeId: string, from: readonly Trust[], to: Exclude<Trust, 'attested'>): Promise<boolean> {
      const where = { nodeId, trust: { in: [...from] } }
      return (await db.node.updateMany({ where, data: { trust: to } })).count === 1
    },
  }
}

function evidenceRows(db: DbOrTx) {
  return {
    async setRtts(nodeId: string, rtts: readonly MeasuredRtt[], measuredAt: Date): Promise<void> {
      // In one order, so that two checks that end at the same moment never wait for one another.
      for (const rtt of rtts.toSorted((a, b) => (a.witness < b.witness ? -1 : 1))) {
        const { witness, name, url, isPlaceSimulated, rttUs, simulated } = rtt
        await db.$executeRaw`
          INSERT INTO "witness" ("address", "name", "url", "simulated", "seenAt")
          VALUES (${witness}, ${name}, ${url}, ${isPlaceSimulated}, ${measuredAt})
          ON CONFLICT ("address") DO UPDATE SET "name" = excluded."name", "url" = excluded."url",
            "simulated" = excluded."simulated", "seenAt" = excluded."seenAt"`
        await db.$executeRaw`
          INSERT INTO "witness_rtt" ("witness", "nodeId", "rttUs", "simulated", "measuredAt")
          VALUES (${witness}, ${nodeId}, ${rttUs}, ${simulated}, ${measuredAt})
          ON CONFLICT ("witness", "nodeId") DO UPDATE SET "rttUs" = excluded."rttUs",
            "simulated" = excluded."simulated", "measuredAt" = excluded."measuredAt"`
      }
    },

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
