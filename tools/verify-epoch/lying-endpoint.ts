/** For tests of what asks a chain: an endpoint between it and the real one, which can be made to lie. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RpcRequest {
  id: number
  method: string
}

/** Hands every request on, and replaces the results that `answer` gives something for. */
export async function lyingEndpoint(honestUrl: string) {
  const state = {
    url: '',
    answer: (_request: RpcRequest, _honest: unknown): unknown => undefined,
    close: () => server.close(),
  }
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks).toString()
      const reply = await fetch(honestUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      const honest = (await reply.json()) as { result?: unknown }
      const lie = state.answer(JSON.parse(body) as RpcRequest, honest.result ?? null)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(lie === undefined ? honest : { ...honest, result: lie }))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}
