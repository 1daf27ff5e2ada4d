/** The desk's queue over both kinds of cases, disputes and challenged records, in one order; and its figures over all of it. */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type DisputeState } from '../generated/client.ts'

/** A place in the queue. */
export interface QueuePlace {
  kind: 'dispute' | 'record'
  /** Of a dispute its number; of a record `nodeId:lane:epoch:version`. */
  id: string
  deadlineS: bigint
  /** What the ruling decides about, µUSD. */
  stakeMicroUsd: bigint
}

export interface QueueFilter {
  /** States in which a dispute is open. */
  openStates: readonly DisputeState[]
  open: boolean
  after: QueuePlace | null
  limit: number
}

export function deskQueueReads(db: DbOrTx) {
  return {
    /** Open ones: the nearest deadline first. All: the latest first, so that what is new is on top. Of equals the dearest. */
    async deskPlaces({ openStates, open, after, limit }: QueueFilter): Promise<QueuePlace[]> {
      const sign = open ? 1 : -1
      const beyond = after
        ? Prisma.sql`and (${sign}::int * "deadlineS", -stake, kind, id) >
            (${sign}::int * ${after.deadlineS}::bigint, -(${after.stakeMicroUsd.toString()}::numeric), ${after.kind}, ${after.id})`
        : Prisma.empty
      const rows = await db.$queryRaw<(Omit<QueuePlace, 'stakeMicroUsd'> & { stake: string })[]>`
        select kind, id, "deadlineS", stake::text as stake from (${cases(openStates)}) queue
        where (not ${open}::boolean or "isOpen") ${beyond}
        order by ${sign}::int * "deadlineS", -stake, kind, id limit ${limit}`
      return rows.map(({ stake, ...place }) => ({ ...place, stakeMicroUsd: BigInt(stake) }))
    },

    /** Of all that is open, whatever a page shows. */
    async deskFigures(openStates: readonly DisputeState[]) {
      const [row] = await db.$queryRaw<{ open: number; ruling: number; stake: string; nextDeadlineS: bigint | null }[]>`
        select count(*)::int as open, (count(*) filter (where "isRuling"))::int as ruling,
          coalesce(sum(stake), 0)::text as stake, min("deadlineS") as "nextDeadlineS"
        from (${cases(openStates)}) queue where "isOpen"`
      const { open = 0, ruling = 0, stake = '0', nextDeadlineS = null } = row ?? {}
      return { open, ruling, stakeMicroUsd: BigInt(stake), nextDeadlineS }
    },
  }
}

/**
 * A dispute stands for what is asked back and its bonds; a record for the pay that it releases and its bond. Whether a record's
 * panel is drawn the chain alone says: challenged, it waits for a ruling.
 */
function cases(openStates: readonly DisputeState[]): Prisma.Sql {
  return Prisma.sql`
    select 'dispute' as kind, id::text as id, "deadlineS",
      "amountMicroUsd"::numeric + "bondMicroUsd" + "appealBondMicroUsd" as stake,
      state::text = any(${[...openStates]}::text[]) as "isOpen", state in ('drawn', 'appeal_drawn') as "isRuling"
    from dispute
    union all
    select 'record', "nodeId" || ':' || lane || ':' || epoch || ':' || version,
      coalesce("rulingEndsAtS", "finalAtS", 0), "earnedMicroUsd"::numeric + coalesce("challengeBondMicroUsd", 0),
      status = 'challenged', status = 'challenged'
    from performance_record where status = 'challenged' or "rulingEndsAtS" is not null`
}
