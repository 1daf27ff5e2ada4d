/** A file's content, written and read in chunks of one size: what is held in memory does not grow with the file. */
import { createHash } from 'node:crypto'
import { BATCH_LINE_BYTES_MAX } from '@isochrone/domain'
import type { FileRows } from '../ports/batch-store.ts'

export const CHUNK_BYTES = 256 * 1024
const NEWLINE = 0x0a

export interface FileWriter {
  write(data: Uint8Array): Promise<void>
  /** Writes what is left, and makes the file one that is seen. */
  finish(): Promise<{ bytes: number; sha256: string }>
  readonly bytes: number
}

/** The file was begun before; what an earlier writer left of it is written over. */
export function fileWriter(files: Pick<FileRows, 'writeChunk' | 'finish'>, fileId: string): FileWriter {
  const hash = createHash('sha256')
  const chunk = new Uint8Array(CHUNK_BYTES)
  let filled = 0
  let chunks = 0
  let bytes = 0

  async function flush(): Promise<void> {
    await files.writeChunk(fileId, chunks, chunk.slice(0, filled))
    chunks += 1
    filled = 0
  }

  return {
    async write(data) {
      hash.update(data)
      bytes += data.length
      for (let from = 0; from < data.length;) {
        const taken = Math.min(CHUNK_BYTES - filled, data.length - from)
        chunk.set(data.subarray(from, from + taken), filled)
        filled += taken
        from += taken
        if (filled === CHUNK_BYTES) await flush()
      }
    },
    async finish() {
      if (filled > 0) await flush()
      const end = { bytes, sha256: hash.digest('hex') }
      await files.finish(fileId, { ...end, chunks })
      return end
    },
    get bytes() {
      return bytes
    },
  }
}

/** The content from that byte on. */
export async function* fileBytes(
  files: Pick<FileRows, 'chunk'>,
  fileId: string,
  fromByte = 0,
): AsyncGenerator<Uint8Array> {
  let skip = fromByte % CHUNK_BYTES
  for (let index = Math.floor(fromByte / CHUNK_BYTES); ; index++) {
    const chunk = await files.chunk(fileId, index)
    if (chunk === null) return
    yield chunk.subarray(skip)
    if (chunk.length < CHUNK_BYTES) return
    skip = 0
  }
}

export interface FileLine {
  /** From 1, as an editor counts. */
  line: number
  /** Null where it is longer than a line may be: it was not kept. */
  text: string | null
  /** Where the next line begins. */
  nextByte: number
}

/** Lines that hold something, from a place where one begins. A byte order mark is none of the first. */
export async function* fileLines(
  files: Pick<FileRows, 'chunk'>,
  fileId: string,
  from: { nextByte: number; nextLine: number } = { nextByte: 0, nextLine: 1 },
): AsyncGenerator<FileLine> {
  let line = from.nextLine
  let at = from.nextByte
  let parts: Uint8Array[] = []
  let length = 0
  const take = (part: Uint8Array): void => {
    length += part.length
    if (length <= BATCH_LINE_BYTES_MAX) parts.push(part)
    else parts = []
  }
  const ended = (): FileLine | null => {
    const text =
      length > BATCH_LINE_BYTES_MAX
        ? null
        : Buffer.concat(parts)
            .toString('utf8')
            .replace(/^\uFEFF/, '')
    parts = []
    length = 0
    const read = { line, text, nextByte: at }
    line += 1
    return text !== null && text.trim() === '' ? null : read
  }
  for await (const bytes of fileBytes(files, fileId, from.nextByte)) {
    let begin = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, begin)) {
      take(bytes.subarray(begin, end))
      at += end + 1 - begin
      begin = end + 1
      const read = ended()
      if (read) yield read
    }
    take(bytes.subarray(begin))
    at += bytes.length - begin
  }
  const last = ended()
  if (last) yield last
}
