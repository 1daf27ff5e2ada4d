/** The witness's HTTP: `GET /healthz`, `GET /v1/witness`, `GET /v1/ping` for anybody's browser, and for whoever has the token `POST /v1/echo` and `POST /v1/matmul`. */
import type { IncomingMessage } from 'node:http'
import { MATMUL_ORDER_MAX, MATMUL_ORDER_MIN, signReport, type Hex, type WitnessFacts } from '@isochrone/protocol'
import { z } from 'zod'
import { measureEcho } from './measure-echo.ts'
import { measureMatmul } from './measure-matmul.ts'
import type { NodeLink } from './node-link.ts'

export type Asked = { readonly facts: WitnessFacts; readonly key: Hex; readonly links: ReadonlyMap<string, NodeLink> }
export type Answer = {
  readonly status: number
  /** Absent: there is none, as 204 says. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Any page may time it, and reads nothing: it says neither who asks nor what is here. */
const ping: Answer = {
  status: 204,
  headers: { 'access-control-allow-origin': '*', 'timing-allow-origin': '*' },
}

const nodeId = z.string().regex(/^0x[0-9a-f]{64}$/)
const echoRequest = z.object({ nodeId, samples: z.int().min(1).max(100) })
const matmulRequest = z.object({
  nodeIds: z.array(nodeId).min(1).max(16),
  order: z.int().min(MATMUL_ORDER_MIN).max(MATMUL_ORDER_MAX),
  /** The agents' own code computes, whatever helpers they have. */
  portable: z.boolean().optional(),
})
const BODY_BYTES_MAX = 4_096

export async function answerRequest(asked: Asked, request: IncomingMessage, isAsker: boolean): Promise<Answer> {
  const { facts, key, links } = asked
  const path = request.url?.split('?')[0]
  if (request.method === 'GET' && path === '/healthz') return { status: 200, body: { status: 'ok', links: links.size } }
  if (request.method === 'GET' && path === '/v1/ping') return ping
  if (request.method === 'GET' && path === '/v1/witness') return { status: 200, body: facts }
  if (request.method !== 'POST' || (path !== '/v1/echo' && path !== '/v1/matmul')) {
    return refusal(404, 'There is nothing here.')
  }
  if (!isAsker) return refusal(401, 'The token is not that of this witness.')
  const body = await jsonOf(request)
  if (path === '/v1/echo') {
    const parsed = echoRequest.safeParse(body)
    if (!parsed.success) return refusal(400, parsed.error.issues[0]?.message ?? 'not valid')
    const link = links.get(parsed.data.nodeId)
    if (!link) return refusal(404, 'This node is not linked to this witness.')
    return { status: 200, body: signReport(await measureEcho(facts, link, parsed.data.samples), key) }
  }
  const parsed = matmulRequest.safeParse(body)
  if (!parsed.success) return refusal(400, parsed.error.issues[0]?.message ?? 'not valid')
  const linked = [...new Set(parsed.data.nodeIds)].flatMap((id) => links.get(id) ?? [])
  const reports = await measureMatmul(facts, linked, parsed.data.order, parsed.data.portable)
  return { status: 200, body: { reports: reports.map((report) => signReport(report, key)) } }
}

function refusal(status: number, message: string): Answer {
  return { status, body: { error: { message } } }
}

/** Undefined for what is too long or no JSON. */
async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > BODY_BYTES_MAX) return undefined
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
