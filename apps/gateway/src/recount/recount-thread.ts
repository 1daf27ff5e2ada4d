/** The thread that recounts: one answer at a time, each model's tokenizer loaded at its first one. */
import { parentPort, workerData } from 'node:worker_threads'
import { countJob, loadTokenizer, type CountText } from './count-job.ts'
import type { RecountAnswer, RecountJob } from './recount-job.ts'

const { dir } = workerData as { dir: string }
const tokenizers = new Map<string, CountText | null>()

function tokenizerOf(modelHash: string): CountText | null {
  let count = tokenizers.get(modelHash)
  if (count === undefined) {
    try {
      count = loadTokenizer(dir, modelHash)
    } catch {
      count = null
    }
    tokenizers.set(modelHash, count)
  }
  return count
}

parentPort?.on('message', (job: RecountJob) => {
  const unknown: RecountAnswer = {
    id: job.id,
    countedIn: null,
    countedOut: null,
    tokensInMax: null,
    tokensOutMax: null,
  }
  let answer = unknown
  try {
    const count = tokenizerOf(job.modelHash)
    if (count) answer = countJob(count, job)
  } catch {
    // A text that its tokenizer cannot take says nothing about its node.
  }
  parentPort?.postMessage(answer, [])
})
