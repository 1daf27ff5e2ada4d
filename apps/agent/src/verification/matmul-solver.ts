/** Solves one challenge at a time in a thread of its own, which starts with the first one. */
import { Worker } from 'node:worker_threads'
import type { MatmulChallenge } from '@isochrone/protocol'
import type { SolvedChallenge } from './matmul-thread.ts'

export type MatmulSolver = {
  /** Null when another is being solved, or the thread failed. */
  solve(challenge: MatmulChallenge): Promise<SolvedChallenge | null>
  close(): Promise<void>
}

export function createMatmulSolver(): MatmulSolver {
  let thread: Worker | null = null
  let settle: ((solved: SolvedChallenge | null) => void) | null = null

  function started(): Worker {
    if (thread) return thread
    const worker = new Worker(new URL('./matmul-thread.ts', import.meta.url))
    worker.unref()
    const end = (solved: SolvedChallenge | null) => {
      settle?.(solved)
      settle = null
    }
    worker.on('message', (solved: SolvedChallenge) => end(solved))
    worker.on('error', () => end(null))
    worker.once('exit', () => {
      thread = null
      end(null)
    })
    thread = worker
    return worker
  }

  return {
    solve(challenge) {
      if (settle) return Promise.resolve(null)
      return new Promise((resolve) => {
        settle = resolve
        started().postMessage(challenge, [])
      })
    },
    async close() {
      await thread?.terminate()
    },
  }
}
