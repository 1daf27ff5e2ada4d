/** Sends a file to be stored, with its progress: `fetch` cannot tell how much of a body has left. */
import { BATCH_FILE_TYPE, ORGANISATION_HEADER } from '@isochrone/domain'
import type { ActionError, ActionResult } from './result.ts'
import { tabOrganisation } from './tab-organisation.ts'

export interface UploadOptions {
  signal: AbortSignal
  /** Share of the bytes that have left. */
  onProgress: (share: number) => void
}

/** The id of the stored file. Null where `signal` was aborted: the server keeps nothing of it then. */
export function uploadFile(
  file: File,
  { signal, onProgress }: UploadOptions,
): Promise<ActionResult<{ id: string }> | null> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    const end = (result: ActionResult<{ id: string }> | null) => {
      signal.removeEventListener('abort', stop)
      resolve(result)
    }
    request.open('POST', `/api/files?name=${encodeURIComponent(file.name.slice(0, 200))}`)
    request.setRequestHeader('content-type', BATCH_FILE_TYPE)
    const organisation = tabOrganisation()
    if (organisation !== null) request.setRequestHeader(ORGANISATION_HEADER, organisation)
    request.responseType = 'json'
    request.upload.addEventListener('progress', ({ loaded }) => {
      onProgress(file.size === 0 ? 1 : Math.min(1, loaded / file.size))
    })
    request.addEventListener('load', () => end(resultOf(request)))
    request.addEventListener('error', () => end({ ok: false, error: lost(file) }))
    request.addEventListener('abort', () => end(null))
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) return end(null)
    request.send(file)
  })
}

function resultOf({ status, response }: XMLHttpRequest): ActionResult<{ id: string }> {
  const body: unknown = response
  if (status === 201 && isObject(body) && typeof body.id === 'string') return { ok: true, data: { id: body.id } }
  if (isObject(body) && isObject(body.error)) return { ok: false, error: body.error as unknown as ActionError }
  const message = `The upload was answered with ${status}. Try again in a moment.`
  return { ok: false, error: { ...nothing, message } }
}

const nothing = { code: 'internal', owner: 'platform', field: null, requestId: null } as const
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** A browser says no more than this of a line that was lost, and of a file that was changed or moved meanwhile. */
const lost = ({ name }: File): ActionError => ({
  ...nothing,
  message: `${name} could not be sent: the connection was lost, or the file was changed on your disk. Nothing was created; try again.`,
})
