/**
 * Fetches an epoch file from the gateway that told of it: no more bytes than it said, and only if they are the ones whose
 * hash the lane signed.
 *
 * A gateway that drips holds nobody up: the bytes have to come at a minimum rate, and all attempts together end by a
 * deadline that follows from the announced size.
 */
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createKeccakStream, type Hex } from '@isochrone/protocol'
import { request } from 'undici'

const ATTEMPTS_MAX = 3
const RETRY_MS = 250
const HEADERS_MS_MAX = 10_000
const STALL_MS_MAX = 10_000

/** How slow a gateway may be. */
export interface FetchPace {
  /** Before the rate counts, ms; also what the deadline leaves for connecting and asking again. */
  graceMs: number
  bytesPerSMin: number
  /** However large the file is. */
  totalMsMax: number
}

/** Half a Mbit/s. What takes longer than the gateway waits for an answer (a minute) is still worth having as a copy. */
export const DEFAULT_FETCH_PACE: FetchPace = { graceMs: 15_000, bytesPerSMin: 64 * 1024, totalMsMax: 900_000 }

/** What the gateway serves is not what its lane signed; asking again changes nothing. */
export class OtherFile extends Error {
  override readonly name = 'OtherFile'
}

/** It would hold up the epochs behind it. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow'
}

export interface FetchEpochFile {
  url: string
  fileBytes: number
  dataHash: Hex
  /** Where it goes; whatever was there is replaced. Also on failure something may lie there. */
  path: string
  signal: AbortSignal
  pace: FetchPace
}

/** Resolves when the whole file is on disk. Throws {@link OtherFile}, {@link TooSlow}, or what kept it from coming. */
export async function fetchEpochFile(wanted: FetchEpochFile): Promise<void> {
  const { graceMs, bytesPerSMin, totalMsMax } = wanted.pace
  const totalMs = Math.min(totalMsMax, Math.ceil(graceMs + (wanted.fileBytes / bytesPerSMin) * 1_000))
  const deadline = AbortSignal.timeout(totalMs)
  const signal = AbortSignal.any([wanted.signal, deadline])
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce({ ...wanted, signal })
    } catch (error) {
      if (wanted.signal.aborted || error instanceof OtherFile || error instanceof TooSlow) throw error
      if (deadline.aborted) throw new TooSlow(`the file did not come within ${totalMs} ms`, { cause: error })
      if (attempt === ATTEMPTS_MAX) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt))
    }
  }
}

async function fetchOnce({ url, fileBytes, dataHash, path, signal, pace }: FetchEpochFile): Promise<void> {
  const startedMs = performance.now()
  const hash = await createKeccakStream()
  const response = await request(url, { signal, headersTimeout: HEADERS_MS_MAX, bodyTimeout: STALL_MS_MAX })
  if (response.statusCode !== 200) {
    await response.body.dump()
    throw new Error(`the gateway answered ${response.statusCode} for the file of the epoch`)
  }
  let bytes = 0
  async function* checked(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > fileBytes) throw new OtherFile(`the file has more than the ${fileBytes} bytes that were announced`)
      // Silence between two chunks is what `bodyTimeout` ends.
      const elapsedMs = performance.now() - startedMs
      if (elapsedMs > pace.graceMs && bytes < (elapsedMs / 1_000) * pace.bytesPerSMin) {
        throw new TooSlow(`the file comes at less than ${pace.bytesPerSMin} bytes a second`)
      }
      hash.update(chunk)
      yield chunk
    }
  }
  const file = createWriteStream(path, { mode: 0o600, flush: true })
  // A file that is still being opened when its bytes are refused would be there again after who asked has removed it.
  const closed = new Promise<void>((resolve) => file.once('close', resolve))
  try {
    await pipeline(response.body, checked, file)
  } finally {
    await closed
  }
  if (hash.digest() !== dataHash) throw new OtherFile('the file is not the one whose hash the lane signed')
}
