/** What came of asking for files that are said to be withheld. Rows are added and never changed. */
import type { DisputeState } from '@isochrone/domain'
import type { DbOrTx } from '../create-db.ts'

export interface NewFileTry {
  disputeId: bigint
  lane: string
  epoch: bigint
  step: DisputeState
  source: string
  by: string
  triedAt: Date
  httpStatus: number | null
  bytes: bigint | null
  fileHash: string | null
  dataHash: string | null
  tooLarge: boolean
  said: string | null
}

const TRIES_SHOWN = 200

export function fileTries(db: DbOrTx) {
  return {
    /** Open disputes about withheld files whose present step nobody has tried, nearest deadline first. */
    async untriedWithheld(limit: number) {
      return db.$queryRaw<{ id: bigint; state: DisputeState; lane: string; epoch: bigint }[]>`
        select id, state::text as state, lane, epoch from dispute
        where kind = 'withheld' and state not in ('executed', 'dismissed', 'lapsed') and not exists (
          select from withheld_file_try tried
          where tried."disputeId" = dispute.id and tried.lane = dispute.lane and tried.epoch = dispute.epoch
            and tried.step = dispute.state
        ) order by "deadlineS", id limit ${limit}`
    },

    /** What is stored already stays as it is. */
    async saveFileTries(rows: readonly NewFileTry[]): Promise<void> {
      if (rows.length > 0) await db.withheldFileTry.createMany({ data: [...rows], skipDuplicates: true })
    },

    async fileTriesOf(disputeId: bigint, lane: string, epoch: bigint) {
      return db.withheldFileTry.findMany({
        where: { disputeId, lane, epoch },
        orderBy: [{ triedAt: 'asc' }, { source: 'asc' }],
        take: TRIES_SHOWN,
      })
    },
  }
}
