/**
 * A JSON-RPC proxy that loses answers: it passes a request on and, while told to, never says what came of it.
 */
import { createServer } from 'node:http'

/** Which methods' answers are lost, and how many of them; after that it is a plain proxy again. */
export interface Losses {
  method: string
  count: number
  /** `silent`: no answer at all, until the caller gives up. `cut`: the connection is closed. Default: cut. */
  how?: 'silent' | 'cut'
}

export type RpcProxy = Awaited<ReturnType<typeof startRpcProxy>>

export async function startRpcProxy(upstreamUrl: string) {
  let losses: Losses[] = []
  const seen = new Map<string, number>()

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void pass(Buffer.concat(chunks).toString()))
    async function pass(body: string): Promise<void> {
      const { method } = JSON.parse(body) as { method: string }
      seen.set(method, (seen.get(method) ?? 0) + 1)
      const headers = { 'content-type': 'application/json' }
      const upstream = await fetch(upstreamUrl, { method: 'POST', headers, body })
      const text = await upstream.text()
      const loss = losses.find((candidate) => candidate.method === method && candidate.count > 0)
      if (loss === undefined) {
        response.writeHead(upstream.status, headers).end(text)
        return
      }
      loss.count -= 1
      if (loss.how !== 'silent') response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server has an address')

  return {
    url: `http://127.0.0.1:${address.port}`,
    /** From now on loses these answers. */
    lose(...next: Losses[]): void {
      losses = next
    },
    /** How often a method was called. */
    calls: (method: string): number => seen.get(method) ?? 0,
    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
