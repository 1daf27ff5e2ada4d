/** Counts under performance records, on their way into the pools on the chain. */
import type { DbOrTx } from '../create-db.ts'
import type { SlaCounts } from '../generated/client.ts'
import type { RecordKey } from './performance-repository.ts'

interface PoolKey {
  nodeId: string
  channelId: string
  termsHash: string
}

interface PoolTest extends PoolKey {
  leaf: string | null
  broken: number
  creditMicroUsd: bigint
  countedTx: string
}

/** @param db a transaction wherever several calls must agree. */
export function slaCountsRepository(db: DbOrTx) {
  return {
    /**
     * What the test of a pool said, at the counts that were added last, whoever had added them: also where a worker died
     * before it could note it, or a stranger was first. Where the chain does not say which those were, at what that
     * transaction is known to have added.
     */
    async notePoolTest({ leaf, broken, creditMicroUsd, countedTx, ...pool }: PoolTest): Promise<void> {
      const where = { ...pool, ...(leaf === null ? { countedTx } : { leaf }) }
      const data = { broken, creditMicroUsd, countedTx }
      // Of a corrected record the newest version is the one that counts.
      const newest = await db.slaCounts.findFirst({ where, orderBy: { version: 'desc' }, select: { version: true } })
      if (newest) await db.slaCounts.updateMany({ where: { ...where, ...newest }, data })
    },

    /**
     * The pool's counts are offered to the chain again, which takes each once. Those that broke a promise by another
     * transaction stay: that one is on the chain, or its own event is taken back as well.
     */
    async reopenCounts({ nodeId, channelId, termsHash }: PoolKey, countedTx: string): Promise<void> {
      const pool = { nodeId, channelId, termsHash, countedTx: { not: null } }
      await db.slaCounts.updateMany({
        where: { ...pool, OR: [{ countedTx }, { broken: 0 }] },
        data: { countedTx: null, broken: null, creditMicroUsd: null },
      })
    },

    async countsOf(key: RecordKey) {
      return db.slaCounts.findMany({ where: { ...key }, orderBy: [{ channelId: 'asc' }, { termsHash: 'asc' }] })
    },

    /** Counts of final records that are in no pool yet, oldest epochs first; in turns, as records under way. */
    async uncounted(limit: number): Promise<SlaCounts[]> {
      return db.$queryRaw<SlaCounts[]>`
        select chosen.* from (
          select counts.*, row_number() over (
            partition by record.lane, record."providerId"
            order by counts.epoch, counts."nodeId", counts."channelId", counts."termsHash"
          ) as turn
          from sla_counts counts
          join performance_record record using ("nodeId", lane, epoch, version)
          where counts.broken is null and counts."countedTx" is null and record.status = 'final'
          order by turn, epoch, lane, "nodeId", counts."channelId", counts."termsHash" limit ${limit}
        ) chosen order by chosen.epoch, chosen.lane, chosen."nodeId", chosen."channelId", chosen."termsHash"`
    },

    /**
     * Without a transaction the terms promise nothing that the counts could break, or somebody else had added them: then
     * what the chain's events said of them stays.
     */
    async markCounted(
      key: RecordKey & { channelId: string; termsHash: string },
      data: { countedTx: string | null; broken: number; creditMicroUsd: bigint },
    ): Promise<void> {
      const isUntold = data.countedTx === null ? { broken: null } : {}
      await db.slaCounts.updateMany({ where: { ...key, ...isUntold }, data })
    },

    /** Signed `Terms` by hash; `{}` where the terms are older than that. */
    async termsValues(hashes: readonly string[]): Promise<Map<string, unknown>> {
      const rows = await db.terms.findMany({
        where: { hash: { in: [...hashes] } },
        select: { hash: true, values: true },
      })
      return new Map(rows.map((row) => [row.hash, row.values]))
    },
  }
}
