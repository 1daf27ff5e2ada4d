/**
 * Frames of the agent link: one WebSocket, many streams. A frame is a WebSocket binary message:
 *
 *   type (u8) ‖ stream id (u32, big-endian; 0 = the link itself) ‖ payload
 *
 * Frames of one moment may share a message: BATCH holds them one behind the other, each after its length (u32).
 *
 * Credits count the bytes of a stream's DATA frames and double as acknowledgement: CREDIT says up to which token the
 * gateway has handed the stream on. Whatever does not parse closes that link, and that link alone.
 */
import { AppError } from '@isochrone/domain'

export const frameType = {
  /** Gateway → agent: nonce to sign. JSON `LinkChallenge`. */
  challenge: 0x01,
  /** Agent → gateway: JSON `LinkHello`. */
  hello: 0x02,
  /** Gateway → agent: JSON `LinkWelcome`. */
  welcome: 0x03,
  /** Agent → gateway, each second: JSON `LinkHeartbeat`. */
  heartbeat: 0x04,
  /** Gateway → agent: header length (u32) ‖ JSON `StreamOpen` ‖ request body as the customer sent it. */
  open: 0x10,
  /** Agent → gateway: tokens so far (u32) ‖ one OpenAI chunk as JSON text. */
  data: 0x11,
  /** Agent → gateway: JSON `StreamEnd`; the stream is over. */
  end: 0x12,
  /** Gateway → agent: further bytes of credit (u32) ‖ tokens acknowledged so far (u32). */
  credit: 0x13,
  /** Gateway → agent: stop the engine; END with status `aborted` follows. No payload. */
  cancel: 0x14,
  /** Agent → gateway after reconnecting: JSON `SignedWork` that has no confirmation yet. Stream 0. */
  represent: 0x20,
  /** Gateway → agent: JSON `ReceiptConfirm`; the receipt is on record. Stream 0. */
  confirm: 0x21,
  /** Gateway → agent: JSON `EpochNotice`: an epoch that holds receipts of this node is closed. Stream 0. */
  epochNotice: 0x22,
  /** Agent → gateway: JSON `RecordAnswer`: the node's signature under its performance record, or why not. Stream 0. */
  recordAnswer: 0x23,
  /** Gateway → agent: JSON `LeaseOrder`: what to do about a lease. Stream 0. */
  leaseOrder: 0x24,
  /** Agent → gateway: JSON `LeaseOrderAnswer`. Stream 0. */
  leaseAnswer: 0x25,
  /**
   * Either way: eight opaque bytes that come back in PONG. Stream 0. A gateway that adds a ninth, `PING_ASKS_LOAD`, wants a
   * HEARTBEAT too; an agent that does not know it sends the nine bytes back.
   */
  ping: 0x30,
  pong: 0x31,
  /** Either way: further frames, each after its length (u32). Stream 0; none inside another. */
  batch: 0x40,
  /** Either way: JSON `LinkReject`, then the link closes. Stream 0. */
  reject: 0x3f,
} as const
export type FrameType = (typeof frameType)[keyof typeof frameType]

export interface Frame {
  type: FrameType
  streamId: number
  payload: Uint8Array
}

/** Largest frame that an agent accepts: a 10 MB prompt and its header fit. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024
/** Largest frame that a gateway accepts. Agents send small ones, and a stranger can send one before it has proved a key. */
export const AGENT_FRAME_BYTES_MAX = 512 * 1024
/**
 * Largest chunk of one DATA frame: with the credit it bounds what a stream holds. One token with all its log-probabilities is 1 % of it.
 * A larger one ends its stream, as the node's failure; agents divide what their engine says at once.
 */
export const CHUNK_BYTES_MAX = 256 * 1024
/** Of a chunk that waits, what is held beside its bytes. */
const CHUNK_OVERHEAD_BYTES = 64
export const HEARTBEAT_INTERVAL_MS = 1_000
/** Ninth byte of a PING by which a gateway asks how a node is now. */
export const PING_ASKS_LOAD = 1
/** A node answers such a question at most every so often, whoever asks; in between it only says PONG. */
export const LOAD_ANSWER_MS_MIN = 20
/** A node that says nothing for this long is gone: what it was answering goes on elsewhere. */
export const LINK_SILENCE_MS_MAX = 5_000
/**
 * A gateway that says nothing for this long is gone. Longer than a node's: one that is held up for a moment would lose all its
 * nodes, and all that they are answering, at once.
 */
export const GATEWAY_SILENCE_MS_MAX = 15_000

const HEADER_BYTES = 5
const known = new Set<number>(Object.values(frameType))

export function encodeFrame(type: FrameType, streamId: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const out = frameOf(type, streamId, payload.length)
  out.set(payload, HEADER_BYTES)
  return out
}

/** With its payload still to be written, behind the header. */
function frameOf(type: FrameType, streamId: number, payloadBytes: number): Buffer {
  const out = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes)
  out[0] = type
  out.writeUInt32BE(streamId, 1)
  return out
}

export function encodeJsonFrame(type: FrameType, streamId: number, message: unknown): Buffer {
  const text = JSON.stringify(message)
  const out = frameOf(type, streamId, Buffer.byteLength(text))
  out.write(text, HEADER_BYTES, 'utf8')
  return out
}

/** Throws `invalid_input` on what is no frame of ours. The payload is a view into `message`. */
export function decodeFrame(message: Uint8Array): Frame {
  return frameAt(message, 0, message.length)
}

/** The frame from `from` to `to`: one view of the message for each, because a view costs more than reading it. */
function frameAt(message: Uint8Array, from: number, to: number): Frame {
  const type = message[from]
  const bytes = to - from
  if (bytes < HEADER_BYTES || bytes > FRAME_BYTES_MAX || type === undefined || !known.has(type)) {
    throw protocolError('not a frame')
  }
  return {
    type: type as FrameType,
    streamId: uint32At(message, from + 1),
    payload: message.subarray(from + HEADER_BYTES, to),
  }
}

/** Big-endian; the bytes are there. */
function uint32At(bytes: Uint8Array, at: number): number {
  const upper = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)
  return (upper | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
}

/** One message of several frames. */
export function encodeBatch(frames: readonly Uint8Array[]): Buffer {
  const bytes = frames.reduce((sum, { length }) => sum + 4 + length, HEADER_BYTES)
  const out = Buffer.allocUnsafe(bytes)
  out[0] = frameType.batch
  out.writeUInt32BE(0, 1)
  let offset = HEADER_BYTES
  for (const frame of frames) {
    offset = out.writeUInt32BE(frame.length, offset)
    out.set(frame, offset)
    offset += frame.length
  }
  return out
}

/** Hands on each frame of a message in order. Throws `invalid_input` on what is none of ours; those before it were handed on. */
export function forEachFrame(message: Uint8Array, handle: (frame: Frame) => void): void {
  const first = decodeFrame(message)
  if (first.type !== frameType.batch) return handle(first)
  const { length } = message
  for (let offset = HEADER_BYTES; offset < length;) {
    if (length - offset < 4) throw protocolError('a cut BATCH')
    const end = offset + 4 + uint32At(message, offset)
    if (end > length) throw protocolError('a cut BATCH')
    const frame = frameAt(message, offset + 4, end)
    if (frame.type === frameType.batch) throw protocolError('a BATCH in a BATCH')
    handle(frame)
    offset = end
  }
}

export function decodeJsonPayload(frame: Frame): unknown {
  try {
    return JSON.parse(textOf(frame.payload))
  } catch (cause) {
    throw protocolError('a payload that is not JSON', cause)
  }
}

/** DATA: a chunk with the count of tokens that the stream has produced up to and including it. */
export function encodeData(streamId: number, tokensOut: number, chunkJson: string): Buffer {
  const textBytes = Buffer.byteLength(chunkJson)
  const out = frameOf(frameType.data, streamId, 4 + textBytes)
  out.writeUInt32BE(tokensOut, HEADER_BYTES)
  out.write(chunkJson, HEADER_BYTES + 4, 'utf8')
  return out
}

/** The chunk's bytes in a frame that {@link encodeData} made: what the output hash covers. */
export const chunkOfData = (frame: Buffer): Buffer => frame.subarray(HEADER_BYTES + 4)

/** `chunk` is the JSON text's bytes, passed on without parsing where possible. */
export function decodeData(frame: Frame): { tokensOut: number; chunk: Uint8Array } {
  if (frame.payload.length < 4) throw protocolError('DATA without a count')
  return { tokensOut: uint32At(frame.payload, 0), chunk: frame.payload.subarray(4) }
}

/**
 * What a chunk takes of its stream's credit, bytes. A DATA frame may leave while there is any credit left, whatever its
 * size: a stream never holds more than its credit and one chunk.
 */
export const creditOfChunk = ({ length }: Uint8Array): number => length + CHUNK_OVERHEAD_BYTES

export function encodeCredit(streamId: number, bytes: number, tokensAcknowledged: number): Buffer {
  const payload = Buffer.allocUnsafe(8)
  payload.writeUInt32BE(bytes, 0)
  payload.writeUInt32BE(tokensAcknowledged, 4)
  return encodeFrame(frameType.credit, streamId, payload)
}

export function decodeCredit(frame: Frame): { bytes: number; tokensAcknowledged: number } {
  if (frame.payload.length !== 8) throw protocolError('CREDIT of a wrong length')
  return { bytes: uint32At(frame.payload, 0), tokensAcknowledged: uint32At(frame.payload, 4) }
}

/** OPEN: a JSON header and the body's raw bytes. */
export function encodeOpen(streamId: number, header: unknown, body: Uint8Array): Buffer {
  const text = JSON.stringify(header)
  const textBytes = Buffer.byteLength(text)
  const out = frameOf(frameType.open, streamId, 4 + textBytes + body.length)
  out.writeUInt32BE(textBytes, HEADER_BYTES)
  out.write(text, HEADER_BYTES + 4, 'utf8')
  out.set(body, HEADER_BYTES + 4 + textBytes)
  return out
}

export function decodeOpen(frame: Frame): { header: unknown; body: Uint8Array } {
  const { payload } = frame
  if (payload.length < 4) throw protocolError('OPEN without a header')
  const headerLength = uint32At(payload, 0)
  if (4 + headerLength > payload.length) throw protocolError('OPEN with a cut header')
  try {
    return {
      header: JSON.parse(textOf(payload.subarray(4, 4 + headerLength))),
      body: payload.subarray(4 + headerLength),
    }
  } catch (cause) {
    throw protocolError('OPEN with a header that is not JSON', cause)
  }
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')

function protocolError(what: string, cause?: unknown): AppError {
  return new AppError('invalid_input', { publicMessage: `Agent link: ${what}.`, cause })
}
