/**
 * Waits until the gateway has seen one node, and says in the node's own words why it does not come up.
 *
 * A process that ends is an error at once: the same start would end the same way. One that loads a large model may take
 * as long as it needs, as long as it gets on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describeExit, type Exit, type RunningProcess } from '@isochrone/local-stack'
import type { ProcessLog } from './agent-log.ts'
import { StartError } from './start-error.ts'

export interface WaitForLinkOptions {
  readonly name: string
  readonly running: Pick<RunningProcess, 'exited'>
  readonly log: ProcessLog
  readonly isLinked: () => Promise<boolean>
  readonly onLoading?: (percent: number) => void
  readonly signal?: AbortSignal | undefined
  /** Longest time without any progress, in ms. */
  readonly stallMsMax?: number
}

/** @throws StartError in one line that quotes the node's log and names its file. */
export async function waitForLink(options: WaitForLinkOptions): Promise<void> {
  const { name, running, log, isLinked, onLoading, signal, stallMsMax = 60_000 } = options
  let exit: Exit | undefined
  void running.exited.then((ended) => (exit = ended))
  let percent = 0
  let deadline = Date.now() + stallMsMax
  while (!(await isLinked())) {
    signal?.throwIfAborted()
    if (exit)
      throw new StartError(`${name} cannot start (${describeExit(exit)}): ${log.lastError()} (log: ${log.file})`)
    const now = log.loadingPercent()
    // Percents only grow and end at 100, so this wait ends too.
    if (now > percent) {
      percent = now
      deadline = Date.now() + stallMsMax
      onLoading?.(percent)
    }
    if (Date.now() >= deadline) {
      throw new StartError(
        `${name} did not come up within ${stallMsMax / 1_000} s; the last it said: ${log.lastError()} (log: ${log.file})`,
      )
    }
    await sleep(100)
  }
}
