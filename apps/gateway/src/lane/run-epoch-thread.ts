/**
 * Runs {@link writeEpoch} where it belongs: a few receipts at once in place, many in a thread, so that no request waits
 * for hashes and compression.
 */
import { Worker } from 'node:worker_threads'
import { writeEpoch, type EpochPlan, type WrittenEpoch } from './write-epoch.ts'

/** Up to here closing in place takes less than starting a thread would, and holds requests up for some 10 ms. */
export const RECEIPTS_IN_PLACE_MAX = 200
/** A thread that takes longer hangs; the epoch is tried again at the next boundary. */
const THREAD_MS_MAX = 15 * 60_000

export type EpochOutcome = { written: WrittenEpoch } | { failure: string }

/** Rejects when the file could not be written. */
export async function runEpochThread(plan: EpochPlan): Promise<WrittenEpoch> {
  if (plan.toSeq - plan.fromSeq < RECEIPTS_IN_PLACE_MAX) return writeEpoch(plan)
  const thread = new Worker(new URL('./epoch-thread.ts', import.meta.url), { workerData: plan })
  const timer = setTimeout(() => void thread.terminate(), THREAD_MS_MAX)
  try {
    const outcome = await new Promise<EpochOutcome>((resolve, reject) => {
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', (code) => reject(new Error(`the thread that writes an epoch ended early (${code})`)))
    })
    if ('failure' in outcome) throw new Error(outcome.failure)
    return outcome.written
  } finally {
    clearTimeout(timer)
    void thread.terminate()
  }
}
