/**
 * Reads a sealed request: what its client says in clear, held against the header that node and client are bound to.
 *
 * In clear is only what a gateway needs: model, limit, whether to stream, routing. Anything else is refused, so that a
 * prompt which a client forgot to seal is an error and not a leak.
 */
import { isDeepStrictEqual } from 'node:util'
import { AppError } from '@isochrone/domain'
import { sealedEnvelope, type SealedEnvelope, type SealedHeader } from '@isochrone/protocol'
import { readHeader } from '@isochrone/protocol/sealed'
import { pathText } from './known-fields.ts'

const inClear = new Set(['model', 'stream', 'stream_options', 'max_tokens', 'routing', 'sealed'])

/** Throws `invalid_input` with the field, and a code of its own where the request is not what it says. */
export function parseSealedRequest(path: string, json: Record<string, unknown>, model: string): SealedHeader {
  const leak = Object.keys(json).find((field) => !inClear.has(field))
  if (leak !== undefined) {
    throw wrong(leak.slice(0, 100), `'${leak.slice(0, 100)}' does not belong into the clear part of a sealed request.`)
  }
  const header = headerOf(envelopeOf(json.sealed))
  const { stream = false, routing = null } = json
  const said: Record<string, [unknown, unknown]> = {
    path: [path, header.path],
    model: [model, header.model],
    // What its author named no limit for is sealed with what is reserved for it.
    max_tokens: [json.max_tokens ?? header.max_tokens, header.max_tokens],
    stream: [stream === true, header.stream],
    routing: [routing, header.routing],
  }
  for (const [field, [clear, sealed]] of Object.entries(said)) {
    if (isDeepStrictEqual(clear, sealed)) continue
    throw wrong(field, `'${field}' is not what was sealed.`, 'sealed_altered')
  }
  return header
}

function envelopeOf(value: unknown): SealedEnvelope {
  const parsed = sealedEnvelope.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = pathText(['sealed', ...(issue?.path ?? [])])
  throw wrong(field, `'${field}' is not as it must be: ${issue?.message ?? ''}.`)
}

function headerOf(envelope: SealedEnvelope): SealedHeader {
  try {
    return readHeader(envelope).header
  } catch (cause) {
    throw wrong('sealed.header', "'sealed.header' is not the header of a sealed request.", undefined, cause)
  }
}

const wrong = (field: string, publicMessage: string, reason?: string, cause?: unknown): AppError =>
  new AppError('invalid_input', { publicMessage, field, cause, ...(reason !== undefined && { details: { reason } }) })
