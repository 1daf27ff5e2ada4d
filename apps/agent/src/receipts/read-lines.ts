/**
 * Reads a log of JSON lines in pieces: it outgrows any string, and one line is held at a time.
 *
 * Zero bytes are room that nothing was written to, or that what was written did not reach before the machine lost its power:
 * a line with some in it is torn, and a line of nothing else is none.
 */
import type { FileHandle } from 'node:fs/promises'

const READ_BYTES = 1024 * 1024
const LINE_FEED = 10

/** A line of the file, without its end. */
export type TornLine = { readonly fromByte: number; readonly bytes: number }

export interface LinesRead {
  /** Where the last line with an end has that end. */
  readonly endByte: number
  /** Lines with zeros in them; they have an end, and whole lines may follow. */
  readonly torn: readonly TornLine[]
}

/** Hands on each whole line, in order. */
export async function readLines(file: FileHandle, onLine: (line: string) => void): Promise<LinesRead> {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const torn: TornLine[] = []
  let held: Buffer[] = []
  let position = 0
  let endByte = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position)
    if (bytesRead === 0) return { endByte, torn }
    let start = 0
    for (let end = buffer.indexOf(LINE_FEED); end >= 0 && end < bytesRead; end = buffer.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...held, buffer.subarray(start, end)])
      held = []
      start = end + 1
      if (!line.includes(0)) {
        if (line.length > 0) onLine(line.toString('utf8'))
      } else if (line.some((byte) => byte !== 0)) {
        torn.push({ fromByte: endByte, bytes: line.length })
      }
      endByte = position + start
    }
    held.push(Buffer.from(buffer.subarray(start, bytesRead)))
    position += bytesRead
  }
}
