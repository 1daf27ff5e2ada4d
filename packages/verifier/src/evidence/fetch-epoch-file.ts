/**
 * Fetches the published file of an epoch into a temporary file: from its gateway, or from a node that gives out its copy.
 * Nothing else is asked of either, and nothing that they say is believed: whoever fetches compares the file with the anchor. A
 * redirect is not followed: an address that somebody registered must not send us to another one.
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'

export interface FetchedEpoch {
  path: string
  bytes: number
  httpStatus: number
  remove: () => Promise<void>
}

/** A larger file is refused: whoever gives it out must not fill the disk of who checks it. */
const FILE_BYTES_MAX = 8 * 2 ** 30
const HEADERS_TIMEOUT_MS = 30_000

export interface FetchEpochFileOptions {
  /** Whose epoch: a node has copies of several lanes, a gateway is one. */
  lane?: Hex
  fileBytesMax?: number
  /** Until the last byte; absent: as long as it takes. */
  totalMsMax?: number
}

/**
 * @param source URL of a gateway, or of a node that gives out copies.
 * @throws AppError in one sentence, when it is away or has no such epoch.
 */
export async function fetchEpochFile(
  source: string,
  epoch: number,
  { lane, fileBytesMax = FILE_BYTES_MAX, totalMsMax }: FetchEpochFileOptions = {},
): Promise<FetchedEpoch> {
  const url = `${source.replace(/\/+$/, '')}/v1/epochs/${epoch}/file${lane === undefined ? '' : `?lane=${lane}`}`
  const ends = new AbortController()
  const headersIn = setTimeout(() => ends.abort(), HEADERS_TIMEOUT_MS)
  const allIn = totalMsMax === undefined ? undefined : setTimeout(() => ends.abort(), totalMsMax)
  try {
    const response = await fetch(url, { signal: ends.signal, redirect: 'manual' }).catch((cause: unknown) => {
      throw away(`${source} does not answer.`, cause)
    })
    clearTimeout(headersIn)
    return await kept(response, { source, epoch, fileBytesMax })
  } finally {
    clearTimeout(headersIn)
    clearTimeout(allIn)
  }
}

async function kept(
  response: Response,
  { source, epoch, fileBytesMax }: { source: string; epoch: number; fileBytesMax: number },
): Promise<FetchedEpoch> {
  const details = { httpStatus: response.status }
  if (response.status === 404) {
    throw new AppError('not_found', { publicMessage: `${source} has no epoch ${epoch}.`, details })
  }
  if (response.status === 409) {
    const publicMessage = `${source} has an epoch ${epoch} of several lanes: say whose, as LANE:${epoch}.`
    throw new AppError('invalid_input', { publicMessage, details })
  }
  if (!response.ok || !response.body) {
    const publicMessage = `${source} answers ${response.status} where the file of epoch ${epoch} should be.`
    throw new AppError('capacity_unavailable', { publicMessage, details })
  }
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-epoch-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  const path = join(dir, 'epoch.jsonl.gz')
  const limit = limited(fileBytesMax)
  const file = createWriteStream(path)
  const closed = new Promise<void>((resolve) => file.once('close', resolve))
  try {
    await pipeline(Readable.fromWeb(response.body as never), limit.stream, file)
  } catch (cause) {
    // It may still be being opened.
    await closed
    await remove()
    const { code, publicMessage } =
      cause instanceof AppError ? cause : away(`${source} broke off while sending the file of epoch ${epoch}.`, cause)
    throw new AppError(code, { publicMessage, details, cause })
  }
  return { path, bytes: limit.bytes(), httpStatus: response.status, remove }
}

function limited(fileBytesMax: number): { stream: Transform; bytes: () => number } {
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      const publicMessage = `More than ${fileBytesMax} bytes came for one epoch.`
      if (bytes > fileBytesMax) done(new AppError('payload_too_large', { publicMessage }))
      else done(null, chunk)
    },
  })
  return { stream, bytes: () => bytes }
}

const away = (publicMessage: string, cause?: unknown): AppError =>
  new AppError('capacity_unavailable', { publicMessage, cause })
