/**
 * The end of a replay: close the epoch, wait until the chain has settled it, and hold the books against each other.
 *
 * Four sources: what clients were told, receipts in Postgres, debits of channels and credits of providers on the chain.
 * The replay's own requests must have been billed at the price that their clients saw; receipts, debits and credits must
 * agree to the micro-USD over the whole life of this deployment, so an error anywhere shows.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createChainReader, getIsochroneEvents, readDeployment, type IsochroneEvent } from '@isochrone/contracts-client'
import { createDb, type Db } from '@isochrone/db'
import { closeEpoch } from '../epochs-close/close-epoch.ts'
import type { InstanceInfo } from '../start/instance-file.ts'
import type { Outcome } from './outcome.ts'

export interface Books {
  /** Σ price of all receipts less what was refunded for recounted tokens, µUSD. */
  readonly receipts: bigint
  /** What channels were debited on the chain, µUSD. */
  readonly debited: bigint
  /** What providers were paid out, µUSD. */
  readonly credited: bigint
  readonly fee: bigint
}

/** What the replay's clients saw: the requests that finished, and Σ of their prices in µUSD. */
export interface Seen {
  readonly requestIds: readonly string[]
  readonly priceMicroUsd: bigint
}

export interface Settlement {
  readonly books: Books
  readonly exact: boolean
  readonly transactions: readonly { readonly purpose: string; readonly hash: string }[]
}

/** `exact` when the payers' debit, the receipts, and what providers and platform got are the same amount. */
export function isExact({ receipts, debited, credited, fee }: Books): boolean {
  return receipts === debited && debited === credited + fee
}

/**
 * Closes the epoch and waits for the money to arrive; resolves with what the books say when they agree or time is up.
 *
 * @throws Error when the marketplace cannot be asked.
 */
export async function settleReplay(
  instance: InstanceInfo,
  seen: Seen,
  limitMs: number,
  note: (line: string) => void,
): Promise<Settlement> {
  const deployment = await readDeployment(instance.deploymentFile)
  if (!deployment) throw new Error(`there is no deployment at ${instance.deploymentFile}`)
  const chain = createChainReader({ rpcUrl: instance.chainRpcUrl, deployment })
  const db = createDb(instance.databaseUrl, { connectionsMax: 2 })
  try {
    const deadline = Date.now() + limitMs
    const readChain = async () => {
      const toBlock = await chain.publicClient.getBlockNumber()
      return getIsochroneEvents(chain, { fromBlock: BigInt(deployment.blockNumber), toBlock })
    }
    const before = (await readChain()).length
    await closeEpoch(instance)
    for (let lastNote = 0; ; await sleep(1_000)) {
      const events = await readChain()
      const books = { receipts: await sumOfReceipts(db), ...sumsOf(events) }
      const exact = isExact(books) && (await allReceiptsClosed(db)) && (await isBilledAsSeen(db, seen))
      if (exact || Date.now() >= deadline) {
        return { books, exact, transactions: transactionsOf(events.slice(before)) }
      }
      // What was still running when the epoch closed falls into the next one.
      if (Date.now() - lastNote > 15_000) {
        note(
          `waiting for settlement: ${books.receipts} µUSD in receipts, ${books.debited} claimed, ${books.credited + books.fee} settled`,
        )
        await closeEpoch(instance)
        lastNote = Date.now()
      }
    }
  } finally {
    await db.$disconnect()
  }
}

async function sumOfReceipts(db: Db): Promise<bigint> {
  const { _sum } = await db.receipt.aggregate({ _sum: { priceMicroUsd: true } })
  const { _sum: recounts } = await db.meteringRecount.aggregate({ _sum: { refundMicroUsd: true } })
  return (_sum.priceMicroUsd ?? 0n) - (recounts.refundMicroUsd ?? 0n)
}

/** True when each request that a client saw finish has a receipt, and together they cost what the clients were told. */
async function isBilledAsSeen(db: Db, { requestIds, priceMicroUsd }: Seen): Promise<boolean> {
  let sum = 0n
  const billed = new Set<string>()
  for (let from = 0; from < requestIds.length; from += 1_000) {
    const requestId = { in: requestIds.slice(from, from + 1_000) }
    const receipts = await db.receipt.findMany({
      where: { requestId },
      select: { requestId: true, priceMicroUsd: true },
    })
    for (const receipt of receipts) {
      sum += receipt.priceMicroUsd
      billed.add(receipt.requestId)
    }
  }
  return billed.size === requestIds.length && sum === priceMicroUsd
}

async function allReceiptsClosed(db: Db): Promise<boolean> {
  return (await db.receipt.count({ where: { epoch: null, priceMicroUsd: { gt: 0n } } })) === 0
}

function sumsOf(events: readonly IsochroneEvent[]): Omit<Books, 'receipts'> {
  const sums = { debited: 0n, credited: 0n, fee: 0n }
  for (const event of events) {
    if (event.eventName === 'Claimed') sums.debited += event.args.paid
    if (event.eventName === 'Settled') {
      sums.credited += event.args.net
      sums.fee += event.args.fee
    }
  }
  return sums
}

const purposes: Partial<Record<IsochroneEvent['eventName'], string>> = {
  EpochAnchored: 'anchor',
  Claimed: 'claim',
  Settled: 'settle',
}

/** Each transaction once, in order. */
function transactionsOf(events: readonly IsochroneEvent[]): { purpose: string; hash: string }[] {
  const seen = new Map<string, string>()
  for (const { eventName, transactionHash } of events) {
    const purpose = purposes[eventName]
    if (purpose && transactionHash) seen.set(transactionHash, purpose)
  }
  return [...seen].map(([hash, purpose]) => ({ purpose, hash }))
}

/** What the clients of a replay saw. */
export function seenOf(outcomes: readonly Outcome[]): Seen {
  const finished = outcomes.filter(({ requestId }) => requestId !== null)
  return {
    requestIds: finished.map(({ requestId }) => String(requestId)),
    priceMicroUsd: finished.reduce((sum, { priceMicroUsd }) => sum + priceMicroUsd, 0n),
  }
}
