/**
 * Requests and receipts as the gateways' journals tell them, stored exactly once: (lane, seq) names a receipt for ever.
 */
import type { DbOrTx } from '../create-db.ts'
import { Prisma, type RequestStatus } from '../generated/client.ts'

export interface NewRequest {
  id: string
  idHash: string
  orgId: string
  keyId: string | null
  jobId: string | null
  channelId: string
  lane: string
  path: string
  model: string
  stream: boolean
  status: RequestStatus
  httpStatus: number
  errorCode: string | null
  errorMessage: string | null
  receivedAtMs: number
  finishedAtMs: number
  ttftMs: number | null
  tpotMs: number | null
  tokensIn: number
  tokensCached: number
  tokensOut: number
  priceMicroUsd: bigint
  nodeId: string | null
  attempts: unknown
  placement: unknown
}

export interface NewReceipt {
  lane: string
  seq: bigint
  deliveryHash: string
  workHash: string | null
  requestId: string
  requestIdHash: string
  attempt: number
  nodeId: string
  channelId: string
  priceMicroUsd: bigint
  fault: number
  startedAtMs: bigint
  delivery: unknown
  deliverySignature: string
  work: unknown
  workSignature: string | null
}

/** @param db a transaction wherever several calls must agree. */
export function requestRepository(db: DbOrTx) {
  return {
    /** Inserts those that are new and returns how many. */
    async insertRequests(rows: readonly NewRequest[]): Promise<number> {
      if (rows.length === 0) return 0
      const { count } = await db.request.createMany({ data: rows.map(requestData), skipDuplicates: true })
      return count
    },

    /** Lets a later outcome replace an earlier one that did not succeed: a job that was placed again. */
    async replaceUnsuccessful(row: NewRequest): Promise<void> {
      const older = row.status === 'succeeded' ? {} : { finishedAt: { lt: new Date(row.finishedAtMs) } }
      await db.request.updateMany({
        where: { id: row.id, status: { not: 'succeeded' }, ...older },
        data: requestData(row),
      })
    },

    /** Σ receipts is the price of a request, however many entries told of it. */
    async sumPrices(requestIds: readonly string[]): Promise<void> {
      if (requestIds.length === 0) return
      await db.$executeRaw`
        update request set "priceMicroUsd" = sums.total
        from (select "requestId", sum("priceMicroUsd")::bigint as total from receipt
              where "requestId" in (${Prisma.join([...requestIds])}) group by 1) sums
        where request.id = sums."requestId" and request."priceMicroUsd" <> sums.total`
    },

    /** Inserts those that are new and returns their names. */
    async insertReceipts(rows: readonly NewReceipt[]): Promise<{ lane: string; seq: bigint }[]> {
      if (rows.length === 0) return []
      const data = rows.map((row) => ({
        ...row,
        delivery: row.delivery as Prisma.InputJsonValue,
        work: row.work === null ? Prisma.DbNull : (row.work as Prisma.InputJsonValue),
      }))
      return db.receipt.createManyAndReturn({ data, skipDuplicates: true, select: { lane: true, seq: true } })
    },

    /** Hashes that are stored under these names, to find a lane that signed two receipts with one number. */
    async deliveryHashes(lane: string, seqs: readonly bigint[]): Promise<Map<bigint, string>> {
      const rows = await db.receipt.findMany({
        where: { lane, seq: { in: [...seqs] } },
        select: { seq: true, deliveryHash: true },
      })
      return new Map(rows.map((row) => [row.seq, row.deliveryHash]))
    },

    /** Marks receipts, leases' too, with the closed epoch that covers their number, within these numbers of the lane. */
    async coverReceipts(lane: string, fromSeq: bigint, toSeq: bigint): Promise<void> {
      await db.$executeRaw`
        update lease_receipt set epoch = epoch.epoch from epoch
        where lease_receipt.lane = ${lane} and lease_receipt.seq between ${fromSeq} and ${toSeq}
          and lease_receipt.epoch is null
          and epoch.lane = lease_receipt.lane and lease_receipt.seq between epoch."fromSeq" and epoch."toSeq"`
      await db.$executeRaw`
        update receipt set epoch = epoch.epoch from epoch
        where receipt.lane = ${lane} and receipt.seq between ${fromSeq} and ${toSeq} and receipt.epoch is null
          and epoch.lane = receipt.lane and receipt.seq between epoch."fromSeq" and epoch."toSeq"`
    },

    /** Σ price that each lane has signed for each channel, or for those named, less what it refunded, µUSD, lifetime. */
    async signedByChannel(
      channelIds?: readonly string[],
    ): Promise<{ channelId: string; lane: string; microUsd: bigint }[]> {
      const some = channelIds ? Prisma.sql`where "channelId" = any(${[...channelIds]}::text[])` : Prisma.empty
      return db.$queryRaw`
        select "channelId", lane, sum("microUsd")::bigint as "microUsd" from (
          select "channelId", lane, "priceMicroUsd" as "microUsd" from receipt ${some}
          union all
          select "channelId", lane, "priceMicroUsd" as "microUsd" from lease_receipt ${some}
          union all
          select "channelId", lane, -"refundMicroUsd" from metering_recount ${some}) signed
        group by 1, 2`
    },
  }
}

export type RequestRepository = ReturnType<typeof requestRepository>

function requestData(row: NewRequest) {
  const { receivedAtMs, finishedAtMs, attempts, placement, ...rest } = row
  return {
    ...rest,
    receivedAt: new Date(receivedAtMs),
    finishedAt: new Date(finishedAtMs),
    attempts: (attempts ?? []) as Prisma.InputJsonValue,
    placement: (placement ?? {}) as Prisma.InputJsonValue,
  }
}
