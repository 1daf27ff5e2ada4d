/**
 * Solves one challenge at a time: by the provider's helper where there is one that answers, and rightly; else in a thread of its own,
 * which starts with the first challenge. What it hands over says which of the two computed.
 */
import { Worker } from 'node:worker_threads'
import type { MatmulChallenge, MatmulComputed } from '@isochrone/protocol'
import type { MatmulHelper } from './matmul-helper.ts'
import type { Factors, MatmulTask, SealedProduct } from './matmul-thread.ts'

export type SolvedChallenge = SealedProduct & { readonly computed: MatmulComputed }

export type MatmulSolver = {
  /** `portable`: the helper is not asked. Null when another is being solved, or the thread failed. */
  solve(challenge: MatmulChallenge, portable?: boolean): Promise<SolvedChallenge | null>
  close(): Promise<void>
}

/** `helper` is closed with the solver. */
export function createMatmulSolver(helper: MatmulHelper | null = null): MatmulSolver {
  const thread = createMatmulThread()
  let busy = false

  async function byHelper(challenge: MatmulChallenge, asked: MatmulHelper): Promise<SolvedChallenge | null> {
    const factors = await thread.run<Factors>({ kind: 'draw', challenge })
    const answer = factors && (await asked.multiply(challenge.order, factors.a, factors.b))
    if (!answer) return null
    const sealed = await thread.run<SealedProduct>({ kind: 'seal', challenge, product: answer.product })
    if (!sealed) asked.fail('its product is wrong')
    return sealed && { ...sealed, computed: { by: 'helper', devices: [...answer.devices] } }
  }

  async function byPortable(challenge: MatmulChallenge): Promise<SolvedChallenge | null> {
    const sealed = await thread.run<SealedProduct>({ kind: 'solve', challenge })
    return sealed && { ...sealed, computed: { by: 'portable', devices: [] } }
  }

  return {
    async solve(challenge, portable = false) {
      if (busy) return null
      busy = true
      try {
        const helped = helper && !portable && helper.isReady() ? await byHelper(challenge, helper) : null
        return helped ?? (await byPortable(challenge))
      } finally {
        busy = false
      }
    },
    async close() {
      await helper?.close()
      await thread.close()
    },
  }
}

/** One task after another; null for one that the thread did not survive. */
function createMatmulThread() {
  let thread: Worker | null = null
  let settle: ((done: unknown) => void) | null = null

  function started(): Worker {
    if (thread) return thread
    const worker = new Worker(new URL('./matmul-thread.ts', import.meta.url))
    worker.unref()
    const end = (done: unknown) => {
      settle?.(done)
      settle = null
    }
    worker.on('message', end)
    worker.on('error', () => end(null))
    worker.once('exit', () => {
      thread = null
      end(null)
    })
    thread = worker
    return worker
  }

  return {
    run<Done>(task: MatmulTask): Promise<Done | null> {
      return new Promise((resolve) => {
        settle = (done) => resolve(done as Done | null)
        started().postMessage(task, [])
      })
    },
    async close(): Promise<void> {
      await thread?.terminate()
    },
  }
}
