/** What became of jobs, by Postgres: how many have an answer, and how many have exactly one receipt that costs something. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '@isochrone/db'

export interface Bills {
  succeeded: number
  failed: number
  cancelled: number
  open: number
  /** With an answer in the row. */
  answered: number
  billedOnce: number
  billedNever: number
  billedMoreThanOnce: number
  /** Dispatches that failed and cost nothing. */
  receiptsOfPriceZero: number
  /** Why those that failed did. */
  errors: string[]
}

const IDS_A_QUERY = 5_000

/** Waits until every job that succeeded has its bill, at most `limitMs`: receipts come through a stream of their own. */
export async function checkBills(db: Db, ids: readonly string[], limitMs: number): Promise<Bills> {
  const deadlineMs = Date.now() + limitMs
  for (;;) {
    const bills = await readBills(db, ids)
    if (bills.billedOnce >= bills.succeeded || Date.now() > deadlineMs) return bills
    await sleep(500)
  }
}

async function readBills(db: Db, ids: readonly string[]): Promise<Bills> {
  const bills: Bills = {
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    open: 0,
    answered: 0,
    billedOnce: 0,
    billedNever: 0,
    billedMoreThanOnce: 0,
    receiptsOfPriceZero: 0,
    errors: [],
  }
  for (let from = 0; from < ids.length; from += IDS_A_QUERY) {
    const some = ids.slice(from, from + IDS_A_QUERY)
    const jobs = await db.job.findMany({
      where: { id: { in: some } },
      select: { requestId: true, status: true, answer: true, error: true },
    })
    const receipts = await db.receipt.findMany({
      where: { requestId: { in: jobs.map(({ requestId }) => requestId) } },
      select: { requestId: true, priceMicroUsd: true },
    })
    const byRequest = Map.groupBy(receipts, ({ requestId }) => requestId)
    for (const { requestId, status, answer, error } of jobs) {
      bills[status === 'queued' || status === 'running' ? 'open' : status] += 1
      if (answer !== null && status === 'succeeded') bills.answered += 1
      if (status === 'failed' && bills.errors.length < 5) bills.errors.push(error ?? 'no reason')
      const own = byRequest.get(requestId) ?? []
      const priced = own.filter(({ priceMicroUsd }) => priceMicroUsd > 0n).length
      bills.receiptsOfPriceZero += own.length - priced
      if (priced === 0) bills.billedNever += 1
      else if (priced === 1) bills.billedOnce += 1
      else bills.billedMoreThanOnce += 1
    }
  }
  return bills
}
