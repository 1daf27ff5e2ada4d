/**
 * One journal record on disk: length (u32) ‖ CRC-32 (u32) of what follows ‖ kind (u8) ‖ JSON text.
 *
 * The length counts kind and text, so it is never 0: a file that a crash left padded with zeros holds no records.
 */
import { crc32 } from 'node:zlib'
import type { RecordKind } from './journal.ts'

export const FRAME_HEADER_BYTES = 8
/** A record above this is refused when written and taken for damage when read. */
export const RECORD_BYTES_MAX = 64 * 1024 * 1024

const kinds = { published: 1, local: 2 } as const

export interface Frame {
  kind: RecordKind
  payload: Buffer
  /** Of the whole frame. */
  bytes: number
}

/** A record that is to be written. */
export interface Unwritten {
  kind: RecordKind
  /** JSON. */
  text: string
  /** Of its frame, bytes. */
  length: number
}

export function unwritten(kind: RecordKind, record: unknown): Unwritten {
  const text = JSON.stringify(record)
  const length = FRAME_HEADER_BYTES + 1 + Buffer.byteLength(text)
  if (length - FRAME_HEADER_BYTES > RECORD_BYTES_MAX)
    throw new RangeError(`A journal record has at most ${RECORD_BYTES_MAX} bytes`)
  return { kind, text, length }
}

/** Puts the frame into `buffer` from `offset` on; returns the part of it that holds the text. */
export function writeFrame(buffer: Buffer, offset: number, { kind, text, length }: Unwritten): Buffer {
  const body = buffer.subarray(offset + FRAME_HEADER_BYTES, offset + length)
  body[0] = kinds[kind]
  body.write(text, 1, 'utf8')
  buffer.writeUInt32BE(body.length, offset)
  buffer.writeUInt32BE(crc32(body), offset + 4)
  return body.subarray(1)
}

/** The frame at `offset`; `short` when the buffer ends before it does, `damaged` when it is none. */
export function decodeFrame(buffer: Buffer, offset: number): Frame | 'short' | 'damaged' {
  if (buffer.length - offset < FRAME_HEADER_BYTES) return 'short'
  const length = buffer.readUInt32BE(offset)
  if (length < 1 || length > RECORD_BYTES_MAX) return 'damaged'
  const bytes = FRAME_HEADER_BYTES + length
  if (buffer.length - offset < bytes) return 'short'
  const body = buffer.subarray(offset + FRAME_HEADER_BYTES, offset + bytes)
  if (crc32(body) !== buffer.readUInt32BE(offset + 4)) return 'damaged'
  if (body[0] !== kinds.published && body[0] !== kinds.local) return 'damaged'
  return { kind: body[0] === kinds.published ? 'published' : 'local', payload: body.subarray(1), bytes }
}
