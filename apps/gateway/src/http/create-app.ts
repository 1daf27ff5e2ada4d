/**
 * The gateway's HTTP edge: routes, body limits, and every error in OpenAI's shape.
 *
 * Bodies are kept as the bytes that came and parsed once, because the node is sent, and the receipt covers, those bytes.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { AppError, newId, toAppError } from '@isochrone/domain'
import { ownBytes } from '@isochrone/runtime'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { RequestTrace } from '../tracing/request-trace.ts'
import { BODY_BYTES_MAX } from './body-of.ts'
import { countAnswers } from './count-answers.ts'
import { createCrossOrigin } from './cross-origin.ts'
import { endpoints } from './endpoints.ts'
import { createFloodGate } from './flood-gate.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { linger } from './linger.ts'
import { limitReads } from './limit-reads.ts'
import { clientGone } from '../requests/attempts/attempt-failure.ts'
import { httpOptions } from './http-options.ts'
import { toOpenAiError } from './openai-error.ts'
import { createOverloadGate } from './overload-gate.ts'
import { refuseBrokenHttp } from './refuse-broken-http.ts'
import { inferenceRoutes, type Entered } from './routes/inference.ts'
import { internalRoutes } from './routes/internal.ts'
import { jobRoutes } from './routes/jobs.ts'
import { modelRoutes } from './routes/models.ts'
import { opsRoutes } from './routes/ops.ts'
import { responseRoutes } from './routes/responses.ts'
import { sealedRoutes } from './routes/sealed.ts'

/** What is still read of a body after its refusal, so that the client gets to read the answer. */
const LINGER = { bytesMax: 128 * 1024 * 1024, msMax: 10_000 }

/** By which work begins: what is cancelled, read or asked for is answered however much there is to do. */
const workPaths = new Set([...Object.keys(endpoints), '/v1/files', '/v1/batches', '/v1/sealed/candidates'])

/** The app, not listening yet. `app.server` is the HTTP server on which agents link. */
export async function createApp(deps: GatewayDeps): Promise<FastifyInstance> {
  const bodyBytesMax = deps.bodyBytesMax ?? BODY_BYTES_MAX
  const server = deps.httpServer ?? createServer(httpOptions)
  const broken = refuseBrokenHttp()
  const lingerLimits = { ...LINGER, msMax: deps.lingerMsMax ?? LINGER.msMax }
  const flood = createFloodGate({
    clock: deps.clock,
    paths: new Set(Object.keys(endpoints)),
    notReady: () => deps.notReady(),
    onRefused: (path) => deps.metrics.requestEnded(path, 429),
    linger: lingerLimits,
  })
  const overload =
    deps.loop &&
    createOverloadGate({
      loop: deps.loop,
      paths: workPaths,
      notReady: () => deps.notReady(),
      onRefused(path) {
        deps.metrics.shed()
        deps.metrics.requestEnded(path, 503)
      },
      linger: lingerLimits,
    })
  const crossOrigin = createCrossOrigin(deps.corsOrigins ?? [])
  const app = fastify({
    serverFactory: (handler: (request: IncomingMessage, response: ServerResponse) => void) =>
      server.on('request', (request, response) => {
        if (crossOrigin.answers(request, response)) return
        if (flood.refuses(request, response) || overload?.refuses(request, response) === true) return
        handler(request, response)
      }),
    bodyLimit: bodyBytesMax,
    logger: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 72_000,
    http: httpOptions,
    clientErrorHandler: broken.onClientError,
    // An address that cannot be read meets no hook and no route.
    frameworkErrors: (_error, request, reply) => {
      request.requestId = newId('req')
      refuse(new AppError('invalid_input', { publicMessage: 'The address could not be read.' }), request, reply)
    },
  })
  app.removeAllContentTypeParsers()
  // A body is kept until its answer ends: another node may have to be asked.
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) =>
    done(null, ownBytes(body)),
  )

  app.addHook('onRequest', (request, reply, next) => {
    request.requestId = newId('req')
    request.receivedAtMs = deps.clock.nowMs()
    reply.header('x-request-id', request.requestId)
    // By the headers alone: nobody's body is waited for that is for nothing.
    next(request.is404 ? nothingHere(request) : compressedOrNot(request.headers['content-encoding']))
  })
  broken.watch(app)
  app.addHook('onResponse', (request, _reply, next) => {
    linger(request.raw, lingerLimits)
    next()
  })
  app.setErrorHandler((error, request, reply) => {
    const mapped = mapFrameworkError(error, request.routeOptions.bodyLimit ?? bodyBytesMax)
    const httpStatus = refuse(mapped, request, reply, deps.draining?.() ?? false)
    if (httpStatus < 500) return
    // An error of ours is one that we must mend; want of capacity, a provider's failure and a client's time limit are not.
    const level = toAppError(mapped).owner === 'platform' ? 'error' : 'warn'
    deps.logger[level]({ err: error, requestId: request.requestId }, 'request failed')
  })
  app.setNotFoundHandler((request, reply) => {
    refuse(nothingHere(request), request, reply)
  })

  app.decorateRequest('requestId', '')
  app.decorateRequest('receivedAtMs', 0)
  app.decorateRequest('trace')
  app.decorateRequest('entered')
  countAnswers(app, deps)
  limitReads(app, deps)
  inferenceRoutes(app, deps, flood)
  jobRoutes(app, deps)
  responseRoutes(app, deps)
  sealedRoutes(app, deps)
  modelRoutes(app, deps)
  internalRoutes(app, deps)
  opsRoutes(app, deps)
  deps.addRoutes?.(app)
  await app.ready()
  return app
}

declare module 'fastify' {
  interface FastifyRequest {
    /** `req_…`, which every answer carries. */
    requestId: string
    receivedAtMs: number
    /** Of an inference request, where the operator has traces collected. */
    trace: RequestTrace | undefined
    /** Of an inference request, once its caller is known. */
    entered: Entered | undefined
  }
}

/** Sends the error in OpenAI's shape; returns its HTTP status. */
function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply, draining = false): number {
  const { httpStatus, headers, body } = toOpenAiError(error, request.requestId)
  // fastify would close at once after a body that it did not read, and so take the answer from whoever still sends.
  // Whoever asks for the end of the connection gets it, and is told so.
  if (/\b(?:close|upgrade)\b/i.test(request.headers.connection ?? '')) reply.header('connection', 'close')
  else reply.removeHeader('connection')
  // Whoever keeps its connection to a gateway that stops would send the next request into nothing. A body comes to its end first.
  if (draining && (request.method === 'GET' || request.raw.complete)) reply.header('connection', 'close')
  void reply.code(httpStatus).headers(headers).header('x-request-id', request.requestId).send(body)
  return httpStatus
}

/** fastify's own refusals happen before our code; they are the client's, with a name. */
function mapFrameworkError(error: unknown, bodyBytesMax: number): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('payload_too_large', { publicMessage: `The body is larger than ${bodyBytesMax} bytes.` })
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('unsupported_media_type', { publicMessage: 'Send the body as application/json.' })
  }
  if (typeof code === 'string' && code.startsWith('FST_ERR_CTP')) {
    return new AppError('invalid_input', { publicMessage: 'The body could not be read.', cause: error })
  }
  // Gone in the middle of its body: nobody is left to read the answer, and nothing of ours failed.
  if (code === 'ECONNRESET') return clientGone()
  return error
}

const nothingHere = ({ method, url }: FastifyRequest): AppError =>
  new AppError('not_found', { publicMessage: `There is no ${method} ${pathOf(url)} here.` })

/** Bodies are hashed, signed and sent on as they came: one that is compressed would be none that a node reads. */
function compressedOrNot(encoding: string | undefined): AppError | undefined {
  if (encoding === undefined || /^(?:identity)?$/i.test(encoding.trim())) return undefined
  return new AppError('unsupported_media_type', {
    publicMessage: `Send the body as it is: the content encoding '${encoding.slice(0, 60)}' is not read here.`,
    // RFC 9110, section 15.5.16.
    details: { headers: { 'accept-encoding': 'identity' } },
  })
}

const pathOf = (url: string): string => url.split('?')[0]?.slice(0, 200) ?? ''
