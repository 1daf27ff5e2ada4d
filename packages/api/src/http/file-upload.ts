/**
 * `POST /api/files?name=…`: the input of a batch from a page, as it is, to be stored while it arrives.
 *
 * Only for owners and admins, who spend without a key, and only from our own pages. Bounded in bytes, in time, and in how
 * many arrive at once; a file that was cut off is not kept. Answers `{ id, bytes }`, or what went wrong as an action does.
 */
import { AppError, BATCH_FILE_TYPE, FILE_BYTES_MAX, newId, toAppError } from '@isochrone/domain'
import { activeOrganisation, openedFor } from '../active-organisation.ts'
import type { ControlPlane, Viewer, ViewerOrganisation } from '@isochrone/services'

const UPLOADS_OF_ORG_MAX = 4
const UPLOADS_MAX = 64
/** 100 MiB at 175 kB/s. */
const UPLOAD_MS_MAX = 600_000

export interface FileUploadDeps {
  controlPlane: Pick<ControlPlane, 'batches'>
  /** Is told of what failed, under the id that the answer names. */
  report?: (failure: AppError, requestId: string) => void
}

export type FileUpload = (request: Request, viewer: Viewer | null) => Promise<Response>

/** One for the whole process: it counts what arrives at a time. */
export function createFileUpload({ controlPlane, report }: FileUploadDeps): FileUpload {
  const arriving = new Map<string, number>()
  let all = 0

  async function counted<T>(orgId: string, work: () => Promise<T>): Promise<T> {
    const own = arriving.get(orgId) ?? 0
    if (own >= UPLOADS_OF_ORG_MAX || all >= UPLOADS_MAX) {
      const publicMessage =
        own >= UPLOADS_OF_ORG_MAX
          ? `Your organisation uploads ${own} files at this moment; wait for one of them.`
          : 'Too many files arrive at this moment. Try again in a minute.'
      throw new AppError('rate_limited', { publicMessage, retryAfterS: 10 })
    }
    arriving.set(orgId, own + 1)
    all += 1
    try {
      return await work()
    } finally {
      all -= 1
      const left = (arriving.get(orgId) ?? 1) - 1
      if (left > 0) arriving.set(orgId, left)
      else arriving.delete(orgId)
    }
  }

  return async (request, viewer) => {
    const headers = { 'cache-control': 'no-store' }
    try {
      const { id: orgId } = mayUpload(request, viewer)
      const bytes = lengthOf(request)
      const filename = new URL(request.url).searchParams.get('name') ?? ''
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(UPLOAD_MS_MAX)])
      const stored = await counted(orgId, () =>
        controlPlane.batches.upload({ orgId, filename, bytes, content: contentOf(request, signal) }),
      )
      return Response.json({ id: stored.id, bytes: stored.bytes }, { status: 201, headers })
    } catch (thrown) {
      const error = toAppError(thrown)
      const { code, owner, httpStatus: status, publicMessage: message, field = null } = error
      const requestId = newId('req')
      report?.(error, requestId)
      return Response.json({ error: { code, owner, message, field, requestId } }, { status, headers })
    }
  }
}

function mayUpload(request: Request, viewer: Viewer | null): ViewerOrganisation {
  const site = request.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') {
    throw new AppError('forbidden', { publicMessage: 'Files are uploaded from our own pages.' })
  }
  // A type that no form can send: another site's page would have to ask first, and is refused.
  if (request.headers.get('content-type') !== BATCH_FILE_TYPE) {
    throw new AppError('unsupported_media_type', { publicMessage: `The file must be sent as ${BATCH_FILE_TYPE}.` })
  }
  if (!viewer) throw new AppError('unauthenticated', { publicMessage: 'Sign in again, then upload the file.' })
  const organisation = activeOrganisation(viewer, openedFor(request.headers))
  if (organisation.role !== 'member') return organisation
  throw new AppError('forbidden', { publicMessage: `Only owners and admins of ${organisation.name} may do this.` })
}

function lengthOf(request: Request): number {
  const text = request.headers.get('content-length')
  const bytes = text === null ? Number.NaN : Number(text)
  if (!Number.isSafeInteger(bytes)) {
    throw new AppError('invalid_input', { publicMessage: 'The request must say how long the file is.', field: 'file' })
  }
  if (bytes <= FILE_BYTES_MAX) return bytes
  throw new AppError('payload_too_large', {
    publicMessage: `A file may have ${FILE_BYTES_MAX} bytes. Send the rest as another batch.`,
  })
}

/** Ends with an error where the sender left or was too slow: what came until then is no whole file. */
async function* contentOf(request: Request, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = request.body?.getReader()
  if (!reader) return
  const stop = () => void reader.cancel(signal.reason).catch(() => {})
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (;;) {
      const { done, value } = signal.aborted ? { done: true, value: undefined } : await reader.read()
      if (signal.aborted) {
        throw new AppError('invalid_input', { publicMessage: 'The upload was cut off. Send the file again.' })
      }
      if (done || value === undefined) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}
