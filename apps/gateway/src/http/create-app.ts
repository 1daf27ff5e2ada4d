/**
 * The gateway's HTTP edge: routes, body limits, and every error in OpenAI's shape.
 *
 * Bodies are kept as the bytes that came and parsed once, because the node is sent, and the receipt covers, those bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@isochrone/domain'
import fastify, { type FastifyInstance } from 'fastify'
import type { GatewayDeps } from './gateway-deps.ts'
import { toOpenAiError } from './openai-error.ts'
import { inferenceRoutes } from './routes/inference.ts'
import { internalRoutes } from './routes/internal.ts'
import { jobRoutes } from './routes/jobs.ts'
import { modelRoutes } from './routes/models.ts'
import { opsRoutes } from './routes/ops.ts'

/** A link frame holds 16 MiB, the request's header included. */
const BODY_BYTES_MAX = 10 * 1024 * 1024

/** The app, not listening yet. `app.server` is the HTTP server on which agents link. */
export async function createApp(deps: GatewayDeps): Promise<FastifyInstance> {
  const bodyBytesMax = deps.bodyBytesMax ?? BODY_BYTES_MAX
  const { httpServer } = deps
  const app = fastify({
    ...(httpServer && {
      serverFactory: (handler: (request: IncomingMessage, response: ServerResponse) => void) =>
        httpServer.on('request', handler),
    }),
    bodyLimit: bodyBytesMax,
    logger: false,
    forceCloseConnections: 'idle',
    keepAliveTimeout: 72_000,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.setErrorHandler((error, request, reply) => {
    const mapped = mapFrameworkError(error, bodyBytesMax)
    const answer = toOpenAiError(mapped, request.requestId)
    if (answer.httpStatus >= 500) deps.logger.error({ err: error, requestId: request.requestId }, 'request failed')
    if (request.requestId !== '') reply.header('x-request-id', request.requestId)
    void reply.code(answer.httpStatus).headers(answer.headers).send(answer.body)
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new AppError('not_found', {
      publicMessage: `There is no ${request.method} ${pathOf(request.url)} here.`,
    })
    const answer = toOpenAiError(error)
    void reply.code(answer.httpStatus).headers(answer.headers).send(answer.body)
  })

  app.decorateRequest('requestId', '')
  app.decorateRequest('receivedAtMs', 0)
  inferenceRoutes(app, deps)
  jobRoutes(app, deps)
  modelRoutes(app, deps)
  internalRoutes(app, deps)
  opsRoutes(app, deps)
  deps.addRoutes?.(app)
  await app.ready()
  return app
}

declare module 'fastify' {
  interface FastifyRequest {
    /** `req_…`, empty before a route gave it one. */
    requestId: string
    receivedAtMs: number
  }
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
  return error
}

const pathOf = (url: string): string => url.split('?')[0]?.slice(0, 200) ?? ''
