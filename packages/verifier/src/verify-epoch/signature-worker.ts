/** The thread of a {@link SignaturePool}: checks batches as they come, and ends at `null`. */
import { parentPort } from 'node:worker_threads'
import { recoverBatch, type SignatureBatch } from './recover-batch.ts'

parentPort?.on('message', (batch: SignatureBatch | null) => {
  if (batch === null) return parentPort?.close()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
  parentPort?.postMessage({ id: batch.id, found: recoverBatch(batch) })
})
