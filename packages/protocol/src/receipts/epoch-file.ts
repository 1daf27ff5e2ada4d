/**
 * The published record of a lane's epoch as a stream: JSON lines, gzip. Its Keccak-256 is on-chain, so whoever keeps a
 * copy can prove what it holds.
 *
 * Written and read piece by piece: memory does not grow with the number of receipts. A reader is bounded in line length
 * and in inflated size, because the file comes from another party.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { AppError, invariant, isAppError } from '@isochrone/domain'
import { createKeccakStream, type Hex } from '../crypto/keccak.ts'
import { decodeEpochFileLine, encodeEpochFileLine, epochFileLineRank, type EpochFileLine } from './epoch-file-lines.ts'
import {
  DamagedGzipError,
  firstBytesOf,
  inflate,
  soundBytesOf,
  type EpochFileSource,
  type InflateOptions,
} from './inflate.ts'

export interface WrittenEpochFile {
  /** Keccak-256 of the gzip bytes. */
  dataHash: Hex
  fileBytes: number
}

export interface EpochFileWriter {
  /** Resolves when the sink has room again. Throws when a line is out of order. */
  write(line: EpochFileLine): Promise<void>
  /** Ends file and sink. */
  end(): Promise<WrittenEpochFile>
}

/** Text is handed to the compressor in pieces of about this size. */
const PIECE_CHARS = 64 * 1024

/** Writes an epoch file into any byte stream. The same lines make the same bytes. */
export async function openEpochFileWriter(sink: Writable): Promise<EpochFileWriter> {
  const hash = await createKeccakStream()
  const gzip = createGzip()
  const sinkDone = finished(sink)
  let sinkFailure: unknown
  let fileBytes = 0
  let rank = 0
  let text = ''
  const pumped = (async () => {
    for await (const chunk of gzip as AsyncIterable<Buffer>) {
      hash.update(chunk)
      fileBytes += chunk.length
      if (!sink.write(chunk)) await Promise.race([once(sink, 'drain'), sinkDone])
    }
    sink.end()
    await sinkDone
  })().catch((error: unknown) => {
    sink.destroy()
    throw sinkFailure ?? error
  })
  // Thrown at the next `write` or at `end`: a failed sink destroys the compressor.
  pumped.catch(() => gzip.destroy())
  sinkDone.catch((error: unknown) => {
    sinkFailure = error
    gzip.destroy()
  })

  async function flush(): Promise<void> {
    const piece = text
    text = ''
    if (gzip.destroyed) await pumped
    if (!gzip.write(piece)) await Promise.race([once(gzip, 'drain'), pumped])
  }

  return {
    async write(line) {
      const next = epochFileLineRank[line.kind]
      invariant(next >= rank, `a ${line.kind} line comes too late in an epoch file`)
      rank = next
      text += `${JSON.stringify(encodeEpochFileLine(line))}\n`
      if (text.length >= PIECE_CHARS) await flush()
    },
    async end() {
      await flush()
      gzip.end()
      await pumped
      return { dataHash: hash.digest(), fileBytes }
    },
  }
}

/**
 * Writes an epoch file to a stream, or to a path: there it has a temporary name until it is whole and synced, so that a
 * file of that name is always complete.
 */
export async function writeEpochFile(
  target: string | Writable,
  lines: Iterable<EpochFileLine> | AsyncIterable<EpochFileLine>,
): Promise<WrittenEpochFile> {
  if (typeof target !== 'string') return writeLines(target, lines)
  const next = `${target}.next`
  const written = await writeLines(createWriteStream(next, { flush: true }), lines)
  await rename(next, target)
  const directory = await open(dirname(target))
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return written
}

async function writeLines(
  sink: Writable,
  lines: Iterable<EpochFileLine> | AsyncIterable<EpochFileLine>,
): Promise<WrittenEpochFile> {
  const writer = await openEpochFileWriter(sink)
  for await (const line of lines) await writer.write(line)
  return writer.end()
}

export interface ReadEpochFileOptions extends InflateOptions {
  /** Above this the file is refused. */
  inflatedBytesMax?: number
  /** A single line, in bytes. */
  lineBytesMax?: number
}

const INFLATED_BYTES_MAX = 16 * 2 ** 30
const LINE_BYTES_MAX = 4 * 2 ** 20

export interface EpochFileText {
  /** From 1. */
  lineNumber: number
  text: string
}

/** The file ends within a line: cut off before it was packed, or without its last line break. */
export class UnfinishedLineError extends AppError {
  readonly lineNumber: number
  /** What there is of the line. */
  readonly text: string

  constructor(lineNumber: number, text: string) {
    super('invalid_input', {
      publicMessage: `The epoch file ends in the middle of line ${lineNumber}.`,
      details: { lineNumber },
    })
    this.lineNumber = lineNumber
    this.text = text
  }
}

/** Lines with their numbers, decoded. Throws `invalid_input` naming the line and the field. Checks form, not signatures. */
export async function* readEpochFile(
  source: EpochFileSource,
  options: ReadEpochFileOptions = {},
): AsyncGenerator<{ lineNumber: number; line: EpochFileLine }> {
  for await (const batch of readEpochFileText(source, options)) {
    for (const { lineNumber, text } of batch) yield { lineNumber, line: parseEpochFileLine(lineNumber, text) }
  }
}

/** One line from its text. Throws `invalid_input` naming line and field. */
export function parseEpochFileLine(lineNumber: number, text: string): EpochFileLine {
  try {
    return decodeEpochFileLine(JSON.parse(text))
  } catch (cause) {
    const reason = isAppError(cause) ? cause.publicMessage : 'It is not JSON.'
    const field = isAppError(cause) ? cause.field : undefined
    throw new AppError('invalid_input', {
      publicMessage: `Line ${lineNumber} of the epoch file cannot be read. ${reason}`,
      ...(field !== undefined && { field }),
      details: { lineNumber },
      cause,
    })
  }
}

/** The undecoded lines of a file in batches of what one piece of it inflates to. */
export async function* readEpochFileText(
  source: EpochFileSource,
  options: ReadEpochFileOptions = {},
): AsyncGenerator<EpochFileText[]> {
  const { inflatedBytesMax = INFLATED_BYTES_MAX, lineBytesMax = LINE_BYTES_MAX } = options
  let rest: Buffer = Buffer.alloc(0)
  let lineNumber = 0
  let inflatedBytes = 0
  for await (const chunk of inflate(source, options)) {
    inflatedBytes += chunk.length
    if (inflatedBytes > inflatedBytesMax) throw tooLarge(`inflates to more than ${inflatedBytesMax} bytes`)
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const batch: EpochFileText[] = []
    let from = 0
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      batch.push({ lineNumber: ++lineNumber, text: bytes.toString('utf8', from, to) })
      from = to + 1
    }
    rest = bytes.subarray(from)
    if (rest.length > lineBytesMax) throw tooLarge(`has more than ${lineBytesMax} bytes in line ${lineNumber + 1}`)
    if (batch.length > 0) yield batch
  }
  if (rest.length > 0 && !options.isBegin) throw new UnfinishedLineError(lineNumber + 1, rest.toString('utf8'))
}

/**
 * As {@link readEpochFileText}, and of a damaged file every whole line that stands before the damage: then it throws. To
 * find the place, a damaged file is opened again and again.
 *
 * @throws DamagedGzipError
 */
export async function* readEpochFileToDamage(
  open: () => EpochFileSource,
  options: ReadEpochFileOptions = {},
): AsyncGenerator<EpochFileText[]> {
  let lines = 0
  let damage: DamagedGzipError
  try {
    for await (const batch of readEpochFileText(open(), options)) {
      lines += batch.length
      yield batch
    }
    return
  } catch (error) {
    if (!(error instanceof DamagedGzipError)) throw error
    damage = error
  }
  const begin = firstBytesOf(open(), await soundBytesOf(open))
  for await (const batch of readEpochFileText(begin, { ...options, isBegin: true })) {
    const rest = batch.filter(({ lineNumber }) => lineNumber > lines)
    if (rest.length > 0) yield rest
  }
  throw damage
}

function tooLarge(what: string): AppError {
  return new AppError('payload_too_large', { publicMessage: `The epoch file ${what}.` })
}
