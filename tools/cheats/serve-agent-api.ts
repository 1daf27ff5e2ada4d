/** The two addresses that agents know of a marketplace, answered by the functions that the web app answers them with. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { agentJoin, agentReport, describeAgentJoin } from '@isochrone/api'
import type { ControlPlane } from '@isochrone/services'

export async function serveAgentApi(
  providers: ControlPlane['providers'],
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const request = await requestOf(incoming)
      const answer = await answerOf(providers, request)
      outgoing.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
    })().catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answerOf(providers: ControlPlane['providers'], request: Request): Promise<Response> {
  switch (`${request.method} ${new URL(request.url).pathname}`) {
    case 'GET /api/agent/join':
      return describeAgentJoin(providers, request)
    case 'POST /api/agent/join':
      return agentJoin(providers, request)
    case 'POST /api/agent/report':
      return agentReport(providers, request)
    default:
      return new Response(null, { status: 404 })
  }
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const parts: Buffer[] = []
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part)
  return new Request(`http://market${incoming.url ?? '/'}`, {
    method: incoming.method ?? 'GET',
    headers: { 'content-type': 'application/json' },
    ...(incoming.method === 'POST' && { body: Buffer.concat(parts) }),
  })
}
