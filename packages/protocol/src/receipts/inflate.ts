/**
 * Gzip bytes in, inflated pieces out, with the memory of a few pieces.
 *
 * An inflater that meets damage drops what it had made of the same piece. So the place is looked for in a damaged file, piece
 * by piece and then byte by byte, and all before it can be read: see {@link soundBytesOf}.
 */
import { Readable } from 'node:stream'
import { constants, createGunzip, type Gunzip, type ZlibOptions } from 'node:zlib'
import { AppError } from '@isochrone/domain'

export type EpochFileSource = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export interface InflateOptions {
  /** Inflated at a time. */
  pieceBytes?: number
  /** The source is the begin of a file: that it breaks off is no error. */
  isBegin?: boolean
  /** Sees the bytes of the file as they are read, to hash them on the way. */
  onBytes?: (chunk: Uint8Array) => void
}

/** The bytes are no whole gzip file: changed, cut off, or never one. */
export class DamagedGzipError extends AppError {
  /** What the inflater says, in a few words. */
  readonly reason: string

  constructor(cause: unknown) {
    super('invalid_input', { publicMessage: 'The epoch file is not a complete gzip file.', cause })
    this.reason = (cause as Error).message
  }
}

const PIECE_BYTES = 32 * 1024
/** Read ahead at each step before the inflater: what waits long outlives collections, and is freed late. */
const QUEUED_BYTES = 8 * 1024

/** @throws DamagedGzipError, and what the source itself throws. */
export async function* inflate(
  source: EpochFileSource,
  { pieceBytes = PIECE_BYTES, isBegin = false, onBytes }: InflateOptions,
): AsyncGenerator<Buffer> {
  // Node takes the options of a stream too; its types do not say so.
  const options: ZlibOptions & { highWaterMark: number } = { chunkSize: pieceBytes, highWaterMark: QUEUED_BYTES }
  if (isBegin) options.finishFlush = constants.Z_SYNC_FLUSH
  const gunzip = createGunzip(options)
  let sourceFailure: unknown
  const input = Readable.from(
    (async function* () {
      try {
        for await (const chunk of source instanceof Uint8Array ? [source] : source) {
          onBytes?.(chunk)
          yield chunk
        }
      } catch (error) {
        sourceFailure = error
        throw error
      }
    })(),
    { objectMode: false, highWaterMark: QUEUED_BYTES },
  )
  input.on('error', (error) => gunzip.destroy(error))
  input.pipe(gunzip)
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) yield chunk
  } catch (cause) {
    if (sourceFailure !== undefined) throw sourceFailure
    throw new DamagedGzipError(cause)
  } finally {
    input.destroy()
    gunzip.destroy()
  }
}

/** Each finds the place within a piece of the one before. */
const STEPS_BYTES = [QUEUED_BYTES, 512, 32, 1]

/**
 * How many bytes of a file inflate without fault: all of them where it is whole or merely cut off. Reads it once for each
 * step, and what is inflated is thrown away.
 */
export async function soundBytesOf(open: () => EpochFileSource): Promise<number> {
  let sound = 0
  for (const step of STEPS_BYTES) sound = await soundBytesIn(open(), sound, step)
  return sound
}

/** Whole pieces of `step` bytes are tried from `from` on; before it nothing is wrong. */
async function soundBytesIn(source: EpochFileSource, from: number, step: number): Promise<number> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES })
  let isDamaged = false
  const ended = new Promise<void>((resolve) => gunzip.once('close', resolve))
  gunzip.on('error', () => (isDamaged = true)).resume()
  let sound = 0
  try {
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      for (let at = 0; at < chunk.length;) {
        const before = Math.min(QUEUED_BYTES, from - sound)
        const piece = chunk.subarray(at, at + (before > 0 ? before : step))
        await Promise.race([written(gunzip, piece), ended])
        if (isDamaged || gunzip.destroyed) return sound
        sound += piece.length
        at += piece.length
      }
    }
    return sound
  } finally {
    gunzip.destroy()
  }
}

const written = (gunzip: Gunzip, piece: Uint8Array): Promise<void> =>
  new Promise((resolve) => gunzip.write(piece, () => resolve()))

/** The first bytes of a source. */
export async function* firstBytesOf(source: EpochFileSource, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    if (left <= 0) return
    yield chunk.subarray(0, left)
    left -= chunk.length
  }
}
