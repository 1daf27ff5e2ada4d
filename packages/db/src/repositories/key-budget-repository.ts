/** Budgets of API keys, and what was billed through each key: a sum for each key, UTC day and lane. */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type BudgetPeriod } from '../generated/client.ts'

export interface KeyBudgetRow {
  keyId: string
  period: BudgetPeriod
  microUsd: bigint
  version: bigint
}

export interface KeySpendRow {
  keyId: string
  /** Midnight UTC at its beginning, ms since the epoch. */
  dayMs: number
  lane: string
  microUsd: bigint
}

/** Days from `fromMs` until before `toMs`, both midnights of UTC; `toMs` null = no end. */
export interface KeySpan {
  keyId: string
  fromMs: number
  toMs: number | null
}

const budget = { keyId: true, period: true, microUsd: true, version: true } as const

export function keyBudgetRepository(db: DbOrTx) {
  return {
    /** Of these keys, or of all; `changedSince` narrows it to what was changed lately. */
    async budgets(keyIds?: readonly string[], changedSince?: Date): Promise<KeyBudgetRow[]> {
      return db.apiKeyBudget.findMany({
        where: {
          ...(keyIds && { keyId: { in: [...keyIds] } }),
          ...(changedSince && { updatedAt: { gt: changedSince } }),
        },
        select: budget,
        orderBy: { keyId: 'asc' },
      })
    },

    /** In place of the one before; its version is above every other. */
    async setBudget(keyId: string, { period, microUsd }: { period: BudgetPeriod; microUsd: bigint }): Promise<void> {
      await db.$executeRaw`
        insert into api_key_budget ("keyId", period, "microUsd", "updatedAt")
        values (${keyId}, ${period}::"BudgetPeriod", ${microUsd}, now())
        on conflict ("keyId") do update set period = excluded.period, "microUsd" = excluded."microUsd",
          "updatedAt" = now(), version = nextval(pg_get_serial_sequence('api_key_budget', 'version'))`
    },

    async removeBudget(keyId: string): Promise<void> {
      await db.apiKeyBudget.deleteMany({ where: { keyId } })
    },

    /** Adds to the sums. Call it once for each receipt, in the transaction that stores it. */
    async addSpend(rows: readonly KeySpendRow[]): Promise<void> {
      const sums = new Map<string, KeySpendRow>()
      for (const row of rows) {
        const name = `${row.keyId} ${row.dayMs} ${row.lane}`
        sums.set(name, { ...row, microUsd: row.microUsd + (sums.get(name)?.microUsd ?? 0n) })
      }
      if (sums.size === 0) return
      // In one order everywhere, so that two workers do not lock each other out.
      const ordered = [...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
      const values = ordered.map(
        ({ keyId, dayMs, lane, microUsd }) => Prisma.sql`(${keyId}, ${dayOf(dayMs)}::date, ${lane}, ${microUsd})`,
      )
      await db.$executeRaw`
        insert into api_key_spend ("keyId", day, lane, "microUsd") values ${Prisma.join(values)}
        on conflict ("keyId", day, lane) do update set "microUsd" = api_key_spend."microUsd" + excluded."microUsd"`
    },

    /** µUSD that each lane has billed through these keys, each in its own span of days. */
    async spentByLane(spans: readonly KeySpan[]): Promise<{ keyId: string; lane: string; microUsd: bigint }[]> {
      if (spans.length === 0) return []
      const [keyIds, from, to] = [
        spans.map(({ keyId }) => keyId),
        spans.map(({ fromMs }) => dayOf(fromMs)),
        spans.map(({ toMs }) => (toMs === null ? 'infinity' : dayOf(toMs))),
      ]
      return db.$queryRaw`
        select spend."keyId", spend.lane, sum(spend."microUsd")::bigint as "microUsd"
        from unnest(${keyIds}::text[], ${from}::text[], ${to}::text[]) asked ("keyId", since, until)
        join api_key_spend spend
          on spend."keyId" = asked."keyId" and spend.day >= asked.since::date and spend.day < asked.until::date
        group by 1, 2`
    },
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
