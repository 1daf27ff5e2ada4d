/**
 * Fetches an epoch file from the gateway that told of it: no more bytes than it said, and only if they are the ones whose
 * hash the lane signed.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { createKeccakStream, type Hex } from '@isochrone/protocol'
import { request } from 'undici'

const ATTEMPTS_MAX = 3
const RETRY_MS = 250
const HEADERS_MS_MAX = 10_000
const STALL_MS_MAX = 10_000

/** What the gateway serves is not what its lane signed; asking again changes nothing. */
export class OtherFile extends Error {
  override readonly name = 'OtherFile'
}

export interface FetchEpochFile {
  url: string
  fileBytes: number
  dataHash: Hex
  /** Where it goes; whatever was there is replaced. Also on failure something may lie there. */
  path: string
  signal: AbortSignal
}

/** Resolves when the whole file is on disk. Throws {@link OtherFile}, or what kept it from coming. */
export async function fetchEpochFile(wanted: FetchEpochFile): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(wanted)
    } catch (error) {
      if (error instanceof OtherFile || wanted.signal.aborted || attempt === ATTEMPTS_MAX) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt))
    }
  }
}

async function fetchOnce({ url, fileBytes, dataHash, path, signal }: FetchEpochFile): Promise<void> {
  const hash = await createKeccakStream()
  const response = await request(url, { signal, headersTimeout: HEADERS_MS_MAX, bodyTimeout: STALL_MS_MAX })
  if (response.statusCode !== 200) {
    await response.body.dump()
    throw new Error(`the gateway answered ${response.statusCode} for the file of the epoch`)
  }
  const file = createWriteStream(path, { mode: 0o600, flush: true })
  let bytes = 0
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > fileBytes) throw new OtherFile(`the file has more than the ${fileBytes} bytes that were announced`)
      hash.update(chunk)
      if (!file.write(chunk)) await once(file, 'drain')
    }
    file.end()
    await finished(file)
  } finally {
    file.destroy()
  }
  if (hash.digest() !== dataHash) throw new OtherFile('the file is not the one whose hash the lane signed')
}
