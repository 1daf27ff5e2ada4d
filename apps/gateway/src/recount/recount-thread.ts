/** The thread that recounts: one answer at a time, each model's tokenizer loaded at its first one. */
import { parentPort, workerData } from 'node:worker_threads'
import { countJob, loadModel, type ModelToRecount } from './count-job.ts'
import type { RecountAnswer, RecountJob } from './recount-job.ts'

const { dir } = workerData as { dir: string }
const models = new Map<string, ModelToRecount | null>()

function modelOf(modelHash: string): ModelToRecount | null {
  let model = models.get(modelHash)
  if (model === undefined) {
    try {
      model = loadModel(dir, modelHash)
    } catch {
      model = null
    }
    models.set(modelHash, model)
  }
  return model
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
    const model = modelOf(job.modelHash)
    if (model) answer = countJob(model, job)
  } catch {
    // A text that its tokenizer cannot take says nothing about its node.
  }
  parentPort?.postMessage(answer, [])
})
