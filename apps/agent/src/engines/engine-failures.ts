/** What went wrong with a request to an engine, as an `EngineFailure`. */
import { EngineFailure } from './engine-driver.ts'
import { EngineSilence } from './engine-pool.ts'
import { errorOf, tryJson } from './openai-chunk.ts'
import { tlsFaultOf } from './tls-fault.ts'

const ERROR_BYTES_MAX = 64 * 1024

export async function refusal(httpStatus: number, body: AsyncIterable<Uint8Array>): Promise<EngineFailure> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > ERROR_BYTES_MAX) break
    parts.push(part)
  }
  return refusalOf(httpStatus, Buffer.concat(parts).toString('utf8'))
}

export function refusalOf(httpStatus: number, text: string): EngineFailure {
  const error = errorOf(tryJson(text))
  const message = error?.message ?? `the engine answered ${httpStatus}: ${text.slice(0, 200)}`
  const overloaded = httpStatus === 429 || httpStatus === 503
  const reason = overloaded ? 'overloaded' : httpStatus >= 500 ? 'unavailable' : 'rejected'
  return new EngineFailure(reason, message, { httpStatus, ...(error?.code !== undefined && { code: error.code }) })
}

export function failureOf(cause: unknown, begun: boolean): EngineFailure {
  if (cause instanceof EngineFailure) return cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const silent = cause instanceof EngineSilence || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  const message = tlsFaultOf(cause) ?? (cause instanceof Error ? cause.message : 'the engine failed')
  if (silent) return new EngineFailure('timeout', 'the engine was silent for too long', { cause })
  return new EngineFailure(begun ? 'died' : 'unavailable', message, { cause })
}
