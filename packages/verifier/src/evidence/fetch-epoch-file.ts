/** Fetches the published file of an epoch from a gateway into a temporary file. Nothing else is asked of the gateway. */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '@isochrone/domain'

export interface FetchedEpoch {
  path: string
  remove: () => Promise<void>
}

/** A larger file is refused: a gateway must not fill the disk of who checks it. */
const FILE_BYTES_MAX = 8 * 2 ** 30
const HEADERS_TIMEOUT_MS = 30_000

/** @throws AppError in one sentence, when the gateway is away or has no such epoch. */
export async function fetchEpochFile(
  gatewayUrl: string,
  epoch: number,
  { fileBytesMax = FILE_BYTES_MAX }: { fileBytesMax?: number } = {},
): Promise<FetchedEpoch> {
  const url = `${gatewayUrl.replace(/\/+$/, '')}/v1/epochs/${epoch}/file`
  const headersIn = new AbortController()
  const timer = setTimeout(() => headersIn.abort(), HEADERS_TIMEOUT_MS)
  const response = await fetch(url, { signal: headersIn.signal })
    .catch((cause: unknown) => {
      throw away(`The gateway at ${gatewayUrl} does not answer.`, cause)
    })
    .finally(() => clearTimeout(timer))
  if (response.status === 404) {
    throw new AppError('not_found', { publicMessage: `The gateway at ${gatewayUrl} has closed no epoch ${epoch}.` })
  }
  if (!response.ok || !response.body) {
    throw away(`The gateway at ${gatewayUrl} answers ${response.status} where the file of epoch ${epoch} should be.`)
  }
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-epoch-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  const path = join(dir, 'epoch.jsonl.gz')
  try {
    await pipeline(Readable.fromWeb(response.body as never), limited(fileBytesMax), createWriteStream(path))
  } catch (cause) {
    await remove()
    throw cause instanceof AppError
      ? cause
      : away(`The gateway at ${gatewayUrl} broke off while sending the file.`, cause)
  }
  return { path, remove }
}

function limited(fileBytesMax: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      const publicMessage = `The gateway sends more than ${fileBytesMax} bytes for one epoch.`
      if (bytes > fileBytesMax) done(new AppError('payload_too_large', { publicMessage }))
      else done(null, chunk)
    },
  })
}

const away = (publicMessage: string, cause?: unknown): AppError =>
  new AppError('capacity_unavailable', { publicMessage, cause })
