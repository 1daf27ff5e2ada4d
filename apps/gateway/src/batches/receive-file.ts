/** An upload as multipart form data: the file goes on to the store as it comes, what is said of it may come before or after. */
import type { IncomingMessage } from 'node:http'
import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { AppError, FILE_BYTES_MAX } from '@isochrone/domain'
import {
  FILE_KEPT_S_DEFAULT,
  FILE_KEPT_S_MAX,
  FILE_KEPT_S_MIN,
  storeFile,
  tooLarge,
  type FileDeps,
  type StoredFileRow,
} from '@isochrone/services'
import { clientGone } from '../requests/attempts/attempt-failure.ts'

const LIMITS = { files: 1, fields: 8, fieldSize: 1_024, fieldNameSize: 100, parts: 10, headerPairs: 20 }
/** Of the form around the file. */
const FORM_BYTES_MAX = 64 * 1024

/** Throws `invalid_input` naming the field, `payload_too_large`, or that the client is gone. */
export async function receiveFile(deps: FileDeps, orgId: string, raw: IncomingMessage): Promise<StoredFileRow> {
  if (Number(raw.headers['content-length'] ?? 0) > FILE_BYTES_MAX + FORM_BYTES_MAX) throw tooLarge()
  const form = formOf(raw)
  const fields = new Map<string, string>()
  const finished = Promise.withResolvers<void>()
  finished.promise.catch(() => {})
  let stored: Promise<StoredFileRow> | undefined
  form.on('field', (name, value) => fields.set(name, value))
  form.on('file', (name, stream, filename) => {
    if (name !== 'file' || stored) return void stream.resume()
    finished.promise.catch((error: unknown) => stream.destroy(error instanceof Error ? error : undefined))
    const check = async () => {
      await finished.promise
      return { keptS: keptOf(fields) }
    }
    stored = storeFile(deps, { orgId, filename: filename ?? 'batch.jsonl', content: stream, check })
    // What comes after a refusal is read and dropped, so that the client gets to read it.
    stored.catch(() => stream.resume())
  })
  form.on('finish', () => finished.resolve())
  form.on('error', () => finished.reject(broken()))
  raw.once('close', () => {
    if (!raw.complete) finished.reject(clientGone())
  })
  raw.pipe(form)
  await Promise.race([finished.promise, stored ?? finished.promise])
  if (!stored) throw wrong('file', "'file' is missing: send the file as multipart form data.")
  return await stored
}

function formOf(raw: IncomingMessage): BusboyInstance {
  try {
    const headers = { ...raw.headers, 'content-type': raw.headers['content-type'] ?? '' }
    return new Busboy({ headers, limits: { ...LIMITS, fileSize: FILE_BYTES_MAX + 1 } })
  } catch {
    throw broken()
  }
}

function keptOf(fields: ReadonlyMap<string, string>): number {
  if (fields.get('purpose') !== 'batch') throw wrong('purpose', "'purpose' must be batch.")
  const text = fields.get('expires_after[seconds]')
  const anchor = fields.get('expires_after[anchor]')
  if (text === undefined && anchor === undefined) return FILE_KEPT_S_DEFAULT
  if (anchor !== 'created_at') throw wrong('expires_after.anchor', "'expires_after.anchor' must be created_at.")
  const seconds = Number(text)
  if (Number.isSafeInteger(seconds) && seconds >= FILE_KEPT_S_MIN && seconds <= FILE_KEPT_S_MAX) return seconds
  const range = `${FILE_KEPT_S_MIN} to ${FILE_KEPT_S_MAX}`
  throw wrong('expires_after.seconds', `'expires_after.seconds' must be a whole number from ${range}.`)
}

const wrong = (field: string, publicMessage: string): AppError =>
  new AppError('invalid_input', { publicMessage, field })
const broken = (): AppError =>
  new AppError('invalid_input', { publicMessage: 'The form could not be read.', field: 'file' })
