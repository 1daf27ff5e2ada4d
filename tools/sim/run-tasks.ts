/**
 * Spreads tasks over worker threads, in order, and collects their answers. The first error stops all.
 */
import { Worker } from 'node:worker_threads'
import type { SimAnswer, SimConfig, SimTask } from './sim-task.ts'

/** A worker refused a task, in one line for a person. */
export class SimError extends Error {
  override readonly name = 'SimError'
}

export type SimResultAnswer = Exclude<SimAnswer, { kind: 'error' }>

/**
 * All answers, in the order of the tasks.
 *
 * @throws SimError with a worker's one line
 */
export async function runTasks(
  config: SimConfig,
  tasks: readonly SimTask[],
  jobs: number,
  onAnswer: (answer: SimResultAnswer) => void,
): Promise<SimResultAnswer[]> {
  const answers = Array.from({ length: tasks.length }, (): SimResultAnswer | undefined => undefined)
  let next = 0
  const workers: Worker[] = []
  const drive = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: config })
      workers.push(worker)
      let current = -1
      const give = () => {
        current = next++
        if (current >= tasks.length) return resolve()
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
        worker.postMessage(tasks[current])
      }
      worker.on('message', (answer: SimAnswer) => {
        if (answer.kind === 'error') return reject(new SimError(answer.message))
        answers[current] = answer
        onAnswer(answer)
        give()
      })
      worker.on('error', reject)
      give()
    })
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, drive))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return answers.filter((answer) => answer !== undefined)
}
