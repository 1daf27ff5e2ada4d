/**
 * Has a check of `check-jobs.ts` run in a worker of this tab, which is started at the first one and kept. Where no worker
 * can start (a browser or a policy that has none) it runs on the page's own thread: slower to click, but the same answer.
 */
import type { CheckInput, CheckKind, CheckResult } from './check-jobs.ts'

export interface CheckOrder {
  id: number
  kind: CheckKind
  input: CheckInput<CheckKind>
}

export type CheckAnswer = { id: number; result: CheckResult<CheckKind> } | { id: number; error: string }

interface Waiting {
  order: CheckOrder
  resolve: (result: CheckResult<CheckKind>) => void
  reject: (error: Error) => void
}

/** Undefined before the first check; null where none can start. */
let worker: Worker | null | undefined
let orders = 0
const waiting = new Map<number, Waiting>()

/** @throws Error where the check itself could not be made; a check that fails is a result. */
export async function runCheck<K extends CheckKind>(kind: K, input: CheckInput<K>): Promise<CheckResult<K>> {
  if (worker === undefined) worker = startWorker()
  if (worker === null) return runOnPage(kind, input)
  const order: CheckOrder = { id: ++orders, kind, input }
  const done = new Promise<CheckResult<CheckKind>>((resolve, reject) => {
    waiting.set(order.id, { order, resolve, reject })
  })
  // An empty list of transfers: to a worker there is no origin to name.
  worker.postMessage(order, [])
  return (await done) as CheckResult<K>
}

async function runOnPage<K extends CheckKind>(kind: K, input: CheckInput<K>): Promise<CheckResult<K>> {
  const { runCheckHere } = await import('./check-jobs.ts')
  return runCheckHere(kind, input)
}

function startWorker(): Worker | null {
  try {
    const started = new Worker(new URL('./check-worker.ts', import.meta.url), { type: 'module' })
    started.addEventListener('message', ({ data }: MessageEvent<CheckAnswer>) => settle(data))
    started.addEventListener('error', giveUp)
    return started
  } catch {
    return null
  }
}

function settle(answer: CheckAnswer): void {
  const waited = waiting.get(answer.id)
  waiting.delete(answer.id)
  if ('error' in answer) waited?.reject(new Error(answer.error))
  else waited?.resolve(answer.result)
}

/** The worker did not load: what it was given is done on the page. */
function giveUp(): void {
  worker = null
  for (const [id, { order, resolve, reject }] of waiting) {
    waiting.delete(id)
    runOnPage(order.kind, order.input).then(resolve, reject)
  }
}
