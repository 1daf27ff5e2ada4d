/**
 * The chain of the day: nothing is mined but here, so much time to a block, so that a seed gives the same blocks again.
 *
 * People's transactions are in a block when the chain answers. Towards the worker the chain is flaky: it takes what was sent and
 * says nothing for as long as the worker waits, which is ten seconds of the day's time; and it reorganises right after it has
 * included something. Each look of the worker at a receipt mines blocks, so that confirmations come. One request is
 * handled after another.
 *
 * What was lost or taken away is counted only where it was a transaction of the worker, and right after each such fault
 * whoever watches has a look at the chain, before anything else happens on it.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { RPC_TIMEOUT_MS, type ChainProfile, type Time } from '@isochrone/contracts-client'
import { keccak256, TimeoutError, type Hex } from 'viem'
import type { DayDraws } from './day-draws.ts'
import { DAY_START_S } from './day-time.ts'
import type { DayTrace } from './day-trace.ts'

export interface DayChain {
  /** For everybody but the worker. */
  url: string
  workerUrl: string
  /** How the worker asks: its deadline for an answer is one of the day's time. */
  workerFetch: typeof fetch
  warp(seconds: number): Promise<void>
  reorg(blocks: number): Promise<void>
  /** Number and time of the last block. */
  head(): Promise<string>
  /** Called after every lost answer and every reorganisation, while the chain stands still. */
  afterFault(look: () => Promise<unknown>): void
  /** @throws what the last look threw, if one did. */
  assertSound(): void
  /** The next transaction of the worker that is taken meets this: what chance left out of a day. */
  meetNext(fault: ChainFault): void
  /** No further faults: the liveness phase. */
  end(): void
  counts(): ChainFaults
  stop(): Promise<void>
}

/** `reorg`: of the greatest depth. `lost`: the transaction has arrived, and the connection stays open without a word. */
export type ChainFault = 'reorg' | 'lost'

export interface ChainFaults {
  /** Answers to transactions of the worker that had arrived. */
  lostAnswers: number
  /** Requests of the worker that its deadline ended: these, and those that were refused without a word. */
  timeouts: number
  /** However the blocks went: right after a transaction, or between two steps. */
  reorgs: number
  /** Transactions of the worker that reorganisations of the greatest depth took out of their blocks. */
  takenByDeepest: number
  /** Looks at the chain right after one of these faults. */
  looks: number
}

/** What differs from one chain to the next. */
export interface DayChainKind extends Pick<ChainProfile, 'confirmations' | 'finality' | 'feeModel'> {
  chainId: number
  /** From one block to the next, chain time. */
  blockTimeS: number
}

/** No reorganisation of a day is deeper than what is final on either. */
export const dayChains = {
  development: { chainId: 31_337, blockTimeS: 1, confirmations: 6, finality: { depth: 6 }, feeModel: 'eip1559' },
  other: { chainId: 10_143, blockTimeS: 3, confirmations: 8, finality: { depth: 16 }, feeModel: 'legacy' },
} as const satisfies Record<string, DayChainKind>
export type DayChainName = keyof typeof dayChains

export const REORG_BLOCKS_MAX = 5
const ONE_IN = 8
const WORKER_PATH = '/worker'
/** The name of a request of the worker. */
const NAME_HEADER = 'x-request'

interface Call {
  method: string
  params: readonly unknown[]
}

/** @param chainRpcUrl a chain that mines nothing by itself. */
export async function startDayChain(
  chainRpcUrl: string,
  { blockTimeS, confirmations }: DayChainKind,
  { draws, trace, time }: { draws: DayDraws; trace: DayTrace; time: Time },
): Promise<DayChain> {
  let hasEnded = false
  const counts: ChainFaults = { lostAnswers: 0, timeouts: 0, reorgs: 0, takenByDeepest: 0, looks: 0 }
  const sentByWorker = new Set<string>()
  let isDue: ChainFault | null = null
  let look: () => Promise<unknown> = async () => {}
  let broken: unknown = null
  let turn: Promise<unknown> = Promise.resolve()
  let named = 0
  /** What to do for a request that gets no answer, by its name. */
  const unanswered = new Map<string, () => void>()

  const forward = async (body: string) =>
    (await fetch(chainRpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
  async function ask(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const answer = JSON.parse(await forward(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as {
      result?: unknown
      error?: { message: string }
    }
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }
  const mine = (blocks: number) => ask('anvil_mine', [`0x${blocks.toString(16)}`])

  await ask('evm_setNextBlockTimestamp', [DAY_START_S])
  await ask('anvil_setBlockTimestampInterval', [blockTimeS])
  await mine(1)

  /** Null for an answer that is lost. */
  async function answer(body: string, isWorker: boolean): Promise<string | null> {
    const { method, params } = JSON.parse(body) as Call
    if (isWorker && method === 'eth_getTransactionReceipt') await mine(confirmations)
    const found = await forward(body)
    if (method !== 'eth_sendRawTransaction') return found
    const hash = keccak256(params[0] as Hex)
    const isTaken = !found.includes('"error"')
    const fate = isWorker && !hasEnded ? fateOf(isTaken) : null
    trace.note(
      `  ${isWorker ? 'worker' : 'people'} sent ${hash}: ${isTaken ? 'taken' : 'refused'}${fate ? `, ${fate.fault}` : ''}`,
    )
    if (isWorker && isTaken) sentByWorker.add(hash)
    if (!isWorker && isTaken) await mine(1)
    if (fate?.fault === 'reorg') {
      await mine(3)
      await reorg(fate.depth)
    }
    if (fate?.fault !== 'lost') return found
    if (isTaken) {
      counts.lostAnswers += 1
      await lookNow()
    }
    return null
  }

  /** Drawn in any case, so that what is due changes no later draw. */
  function fateOf(isTaken: boolean): { fault: ChainFault; depth: number } | null {
    const drawn = draws.below('sent by the worker', ONE_IN)
    const depth = drawn === 0 ? 1 + draws.below('depth', REORG_BLOCKS_MAX) : REORG_BLOCKS_MAX
    if (isDue === null || !isTaken) return drawn > 1 ? null : { fault: drawn === 0 ? 'reorg' : 'lost', depth }
    const fault = isDue
    isDue = null
    return { fault, depth: REORG_BLOCKS_MAX }
  }

  async function reorg(blocks: number): Promise<void> {
    const taken = await ofWorkerIn(blocks)
    await ask('anvil_reorg', [blocks, []])
    counts.reorgs += 1
    if (blocks === REORG_BLOCKS_MAX) counts.takenByDeepest += taken
    await lookNow()
  }

  /** Transactions of the worker in the last blocks. */
  async function ofWorkerIn(blocks: number): Promise<number> {
    const last = Number((await head()).number)
    let found = 0
    for (let number = last; number > last - blocks && number >= 0; number--) {
      const block = await ask('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
      const { transactions } = block as { transactions: string[] }
      found += transactions.filter((hash) => sentByWorker.has(hash)).length
    }
    return found
  }

  async function lookNow(): Promise<void> {
    counts.looks += 1
    try {
      await look()
    } catch (error) {
      broken ??= error
    }
  }

  async function head(): Promise<{ number: string; timestamp: string }> {
    return (await ask('eth_getBlockByNumber', ['latest', false])) as { number: string; timestamp: string }
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  /** What is not answered ends when the worker has waited as long as it ever does: at once, for whoever looks from outside. */
  const workerFetch: typeof fetch = async (target, init) => {
    const name = String(++named)
    const deadline = new AbortController()
    const timedOut = new Promise<never>((_resolve, reject) => {
      unanswered.set(name, () => {
        void time.sleep(RPC_TIMEOUT_MS).then(() => {
          counts.timeouts += 1
          deadline.abort()
          reject(new TimeoutError({ body: {}, url }))
        })
      })
    })
    const headers = new Headers(init?.headers)
    headers.set(NAME_HEADER, name)
    try {
      return await Promise.race([fetch(target, { ...init, headers, signal: deadline.signal }), timedOut])
    } finally {
      unanswered.delete(name)
    }
  }

  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request)
      const found = await inTurn(() => answer(body, request.url === WORKER_PATH))
      // The connection stays open, and nobody says anything any more.
      if (found === null) unanswered.get(String(request.headers[NAME_HEADER]))?.()
      else response.writeHead(200, { 'content-type': 'application/json' }).end(found)
    })().catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    workerUrl: `${url}${WORKER_PATH}`,
    workerFetch,
    warp: (seconds) =>
      inTurn(async () => {
        await ask('evm_setNextBlockTimestamp', [Number((await head()).timestamp) + seconds])
        await mine(1)
      }),
    reorg: (blocks) => inTurn(() => reorg(blocks)),
    async head() {
      const { number, timestamp } = await inTurn(head)
      return `block ${Number(number)} at ${Number(timestamp)}`
    },
    afterFault: (next) => void (look = next),
    assertSound() {
      if (broken !== null) throw broken
    },
    meetNext: (fault) => void (isDue = fault),
    end() {
      hasEnded = true
      isDue = null
    },
    counts: () => ({ ...counts }),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
