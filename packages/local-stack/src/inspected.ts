/** What a running Node process keeps in memory, asked through its inspector: all garbage is collected first. */
import { once } from 'node:events'

export interface KeptMemory {
  /** Live objects and what they hold outside the heap. */
  readonly liveMib: number
  readonly residentMib: number
}

export interface Inspected {
  keptMemory(): Promise<KeptMemory>
  close(): void
}

const ANSWER_MS_MAX = 30_000

/** Connects to the inspector of a process that was started with `--inspect=127.0.0.1:PORT`. */
export async function inspect(port: number): Promise<Inspected> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as [
    { webSocketDebuggerUrl: string },
  ]
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await once(socket, 'open', { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
  let last = 0
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown }
    if (id !== undefined) waiting.get(id)?.resolve(result)
  })
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the inspected process is gone'))
  })

  async function call(method: string, params: object = {}): Promise<unknown> {
    const id = ++last
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    const timer = setTimeout(() => answer.reject(new Error(`${method} was not answered`)), ANSWER_MS_MAX)
    socket.send(JSON.stringify({ id, method, params }))
    try {
      return await answer.promise
    } finally {
      clearTimeout(timer)
      waiting.delete(id)
    }
  }

  return {
    async keptMemory() {
      await call('HeapProfiler.collectGarbage')
      const expression = 'JSON.stringify(process.memoryUsage())'
      const { result } = (await call('Runtime.evaluate', { expression })) as { result: { value: string } }
      const { heapUsed, external, rss } = JSON.parse(result.value) as NodeJS.MemoryUsage
      return { liveMib: (heapUsed + external) / 2 ** 20, residentMib: rss / 2 ** 20 }
    },
    close: () => socket.close(),
  }
}
