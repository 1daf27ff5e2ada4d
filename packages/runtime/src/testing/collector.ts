/** A collector of traces for tests: takes OTLP over HTTP as JSON, and keeps what came. */
import { createServer } from 'node:http'
import { listen } from '../listen.ts'

export interface CollectedSpan {
  name: string
  /** As OTLP numbers them: 1 internal, 2 server, 3 client. */
  kind: number
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  startNs: bigint
  endNs: bigint
  attributes: Record<string, unknown>
  failed: boolean
}

export async function startCollector() {
  const bodies: string[] = []
  const paths: string[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      paths.push(request.url ?? '')
      bodies.push(Buffer.concat(parts).toString('utf8'))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const { url } = await listen(server, { host: '127.0.0.1', port: 0 })
  return {
    url,
    paths,
    /** Everything that came, as it came. */
    text: () => bodies.join('\n'),
    spans: (): CollectedSpan[] => bodies.flatMap((body) => spansOf(JSON.parse(body) as Export)),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Export {
  resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[]
}

interface OtlpSpan {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Record<string, unknown> }[]
  status?: { code?: number }
}

function spansOf({ resourceSpans }: Export): CollectedSpan[] {
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
  return spans.map((span) => ({
    name: span.name,
    kind: span.kind,
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    failed: span.status?.code === 2,
  }))
}
