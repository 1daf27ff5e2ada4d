/** The thread of a {@link SignaturePool}: checks batches as they come, hands their bytes back, and ends at `null`. */
import { parentPort } from 'node:worker_threads'
import { buffersOf, recoverBatch, type SignatureBatch } from './recover-batch.ts'

parentPort?.on('message', (batch: SignatureBatch | null) => {
  if (batch === null) return parentPort?.close()
  parentPort?.postMessage(recoverBatch(batch), buffersOf(batch))
})
