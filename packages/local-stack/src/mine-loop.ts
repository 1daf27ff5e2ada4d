/**
 * Mines for a local chain that does not mine by itself: a block as soon as transactions wait.
 *
 * anvil's own automine can livelock with a backlog (a mined transaction stays pooled, memory grows without end); asking
 * for each block does not. The chain says when a transaction arrives, so that nobody asks it twenty times a second. After
 * activity the loop adds a block now and then, so that chain time moves while windows run out; an idle chain gets no
 * blocks, because each block costs a little for ever.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { jsonRpc } from './json-rpc.ts'
import { watchPending } from './watch-pending.ts'

export interface MineLoopOptions {
  readonly url: string
  /** How often to look for waiting transactions though none was heard of, in ms. */
  readonly pollMs?: number
  /** From hearing of a transaction until its block is asked for, in ms: those that come together share it. */
  readonly gatherMs?: number
  /** Gap between blocks that only move chain time, in ms; 0 for none. */
  readonly tickMs?: number
  /** For how long after the last transaction chain time is moved, in ms. */
  readonly activeMs?: number
}

/** Starts the loop; the function it returns stops it and resolves when the last call has ended. */
export function startMineLoop({
  url,
  pollMs = 500,
  gatherMs = 20,
  tickMs = 5_000,
  activeMs = 300_000,
}: MineLoopOptions): () => Promise<void> {
  let stopped = false
  let lastTransactionMs = Date.now()
  let lastBlockMs = Date.now()
  let hasHeard = false
  let wake = () => {}
  const stopWatching = watchPending(url, () => {
    hasHeard = true
    wake()
  })

  /** Until a transaction is heard of, or for `pollMs`. */
  async function pause(): Promise<void> {
    if (!hasHeard && !stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (hasHeard && !stopped) await sleep(gatherMs)
    hasHeard = false
  }

  async function step(): Promise<void> {
    const { pending } = await jsonRpc<{ pending: string }>(url, 'txpool_status')
    const now = Date.now()
    const waiting = Number(pending) > 0
    const tickDue = tickMs > 0 && now - lastBlockMs >= tickMs && now - lastTransactionMs < activeMs
    if (waiting) lastTransactionMs = now
    if (!waiting && !tickDue) return
    await jsonRpc(url, 'evm_mine', [], 30_000)
    lastBlockMs = Date.now()
  }

  const loop = (async () => {
    while (!stopped) {
      // A chain that is restarting answers again soon; its owner notices when it has ended.
      await step().catch(() => sleep(200))
      await pause()
    }
  })()

  return async () => {
    stopped = true
    stopWatching()
    wake()
    await loop
  }
}
