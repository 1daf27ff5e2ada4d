/**
 * The journal's files. A segment is named after the first record in it, so the names alone say what is where.
 */
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeFrame, FRAME_HEADER_BYTES, type Frame } from './frame.ts'

export interface Segment {
  path: string
  firstIndex: number
}

const NAME = /^(\d{16})\.journal$/
const READ_BYTES = 256 * 1024

export function segmentAt(dir: string, firstIndex: number): Segment {
  return { path: join(dir, `${String(firstIndex).padStart(16, '0')}.journal`), firstIndex }
}

/** Segments of a directory, oldest first. */
export async function listSegments(dir: string): Promise<Segment[]> {
  const names = (await readdir(dir)).filter((name) => NAME.test(name)).toSorted()
  return names.map((name) => ({ path: join(dir, name), firstIndex: Number(name.slice(0, 16)) }))
}

/**
 * Frames of one segment from `fromOffset`, a frame's start, reading 256 KiB at a time.
 * Ends at the first byte that is no frame; the generator's return value is the offset of that byte.
 */
export async function* readSegment(segment: Segment, fromOffset = 0): AsyncGenerator<Frame, number> {
  const file = await open(segment.path, 'r')
  try {
    let buffer: Buffer = Buffer.alloc(0)
    let consumed = fromOffset
    for (;;) {
      let offset = 0
      for (;;) {
        const frame = decodeFrame(buffer, offset)
        if (frame === 'damaged') return consumed + offset
        if (frame === 'short') break
        yield frame
        offset += frame.bytes
      }
      consumed += offset
      const rest = buffer.subarray(offset)
      const missing = rest.length >= FRAME_HEADER_BYTES ? rest.readUInt32BE(0) + FRAME_HEADER_BYTES - rest.length : 0
      const more = await readAt(file, consumed + rest.length, Math.max(READ_BYTES, missing))
      if (more.length === 0) return consumed
      buffer = Buffer.concat([rest, more])
    }
  } finally {
    await file.close()
  }
}

/** Bytes of a segment from `fromOffset` on, without the zeros at its end. */
export async function tailBytesOf({ path }: Segment, fromOffset: number): Promise<number> {
  const file = await open(path, 'r')
  try {
    let bytes = 0
    for (let position = fromOffset; ;) {
      const chunk = await readAt(file, position, READ_BYTES)
      if (chunk.length === 0) return bytes
      const last = chunk.findLastIndex((byte) => byte !== 0)
      if (last >= 0) bytes = position + last + 1 - fromOffset
      position += chunk.length
    }
  } finally {
    await file.close()
  }
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(bytes)
  const { bytesRead } = await file.read(chunk, 0, bytes, position)
  return chunk.subarray(0, bytesRead)
}
