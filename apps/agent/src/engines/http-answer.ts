/**
 * Reads one HTTP/1.1 answer as its bytes come: head, then a body that is chunked, counted, or lasts until the connection ends.
 *
 * Guarantees: the body is handed on as it comes, whatever the cuts between two reads; what is not HTTP throws, and neither
 * head nor what frames a chunk takes more memory than {@link HEAD_BYTES_MAX}. It knows no socket.
 */

/** Of a body's bytes `from` … `to`; they change when the function has returned. */
export type TakeBytes = (bytes: Buffer, from: number, to: number) => void

export class HttpViolation extends Error {
  override readonly name = 'HttpViolation'
}

/** Of a head, of the trailers behind a body, of what a chunk says beside its size. */
const HEAD_BYTES_MAX = 32 * 1024
/** Of a chunk's size: 2 GiB are no token. */
const SIZE_DIGITS_MAX = 8
/** A server that does not say how long it keeps a connection keeps it for 5 s at least. */
const KEPT_MS_DEFAULT = 4_000
const KEPT_MS_MAX = 600_000
/** The request is on its way while the server's time is up. */
const KEPT_MS_MARGIN = 1_000

const [LF, CR, SEMICOLON, SPACE, TAB] = [10, 13, 59, 32, 9]

type Place =
  | 'head'
  /** `#left` bytes of the body, or of a chunk, are to come. */
  | 'counted'
  /** The connection's end is the body's. */
  | 'open'
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'chunk-cr'
  | 'chunk-lf'
  | 'trailers'
  | 'whole'

export class HttpAnswer {
  readonly #onHead: (httpStatus: number) => void
  readonly #onBody: TakeBytes
  #place: Place = 'head'
  #head = ''
  #isChunked = false
  #left = 0
  #digits = 0
  /** Since the last byte of the body: of trailers, of an extension. */
  #besideBytes = 0
  #lineBytes = 0
  #keptMs = KEPT_MS_DEFAULT
  #isStopped = false

  constructor(onHead: (httpStatus: number) => void, onBody: TakeBytes) {
    this.#onHead = onHead
    this.#onBody = onBody
  }

  get isWhole(): boolean {
    return this.#place === 'whole'
  }

  /** How long the connection may wait for its next request, ms; 0: it serves no other. */
  get keptMs(): number {
    return this.#keptMs
  }

  /** Nothing is handed on any more. */
  stop(): void {
    this.#isStopped = true
  }

  /** Takes the first `length` bytes of what was read. Throws `HttpViolation`. */
  read(bytes: Buffer, length: number): void {
    let at = 0
    while (at < length && !this.#isStopped) {
      if (this.#place === 'counted') at = this.#readCounted(bytes, at, length)
      else if (this.#place === 'head') at = this.#readHead(bytes, at, length)
      else if (this.#place === 'open') {
        this.#onBody(bytes, at, length)
        return
      } else if (this.#place === 'whole') {
        // Bytes that nobody asked for: whose they are is not known.
        this.#keptMs = 0
        return
      } else this.#readFraming(bytes[at++] as number)
    }
  }

  /** The other side ended the connection; whether the answer is whole with it. */
  end(): boolean {
    if (this.#place === 'open') this.#place = 'whole'
    this.#keptMs = 0
    return this.isWhole
  }

  #readCounted(bytes: Buffer, at: number, length: number): number {
    const to = Math.min(length, at + this.#left)
    this.#left -= to - at
    if (this.#left === 0) this.#place = this.#isChunked ? 'chunk-cr' : 'whole'
    this.#onBody(bytes, at, to)
    return to
  }

  #readHead(bytes: Buffer, at: number, length: number): number {
    const before = this.#head.length
    const head = this.#head + bytes.toString('latin1', at, length)
    const end = head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end > HEAD_BYTES_MAX || (end < 0 && head.length > HEAD_BYTES_MAX))
      throw new HttpViolation('a head without an end')
    if (end < 0) {
      this.#head = head
      return length
    }
    this.#head = ''
    this.#begin(head.slice(0, end).split('\r\n'))
    return at + end + 4 - before
  }

  #begin([first = '', ...fields]: string[]): void {
    const parts = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first)
    if (!parts) throw new HttpViolation('no status line')
    const httpStatus = Number(parts[2])
    if (httpStatus === 101) throw new HttpViolation('another protocol, which nobody asked for')
    // Something else is still to come.
    if (httpStatus < 200) return
    const { connection, encoding, length, kept } = framingOf(fields)
    const closes = connection.includes('close') || (parts[1] === '0' && !connection.includes('keep-alive'))
    // Who says a length and chunks at once may have been misread on the way (RFC 9112, 6.3): read as chunks, used no more.
    this.#keptMs = closes || (encoding !== '' && length !== undefined) ? 0 : kept
    if (encoding !== '') {
      if (encoding !== 'chunked') throw new HttpViolation('a transfer coding that nobody asked for')
      this.#isChunked = true
      this.#place = 'size'
    } else if (httpStatus === 204 || httpStatus === 304 || length === 0) this.#place = 'whole'
    else if (length !== undefined) {
      this.#left = length
      this.#place = 'counted'
    } else {
      this.#place = 'open'
      this.#keptMs = 0
    }
    this.#onHead(httpStatus)
  }

  /** One byte of what stands between the parts of a chunked body. */
  #readFraming(byte: number): void {
    switch (this.#place) {
      case 'size':
        return this.#readSize(byte)
      case 'extension':
        this.#countBeside()
        if (byte === LF) throw new HttpViolation('a line of a chunk that ends too early')
        if (byte === CR) this.#place = 'size-lf'
        return
      case 'size-lf':
        expectByte(byte, LF)
        this.#besideBytes = 0
        this.#lineBytes = 0
        this.#place = this.#left === 0 ? 'trailers' : 'counted'
        return
      case 'chunk-cr':
        expectByte(byte, CR)
        this.#place = 'chunk-lf'
        return
      case 'chunk-lf':
        expectByte(byte, LF)
        this.#digits = 0
        this.#place = 'size'
        return
      default:
        this.#countBeside()
        if (byte === CR) return
        if (byte !== LF) this.#lineBytes += 1
        else if (this.#lineBytes > 0) this.#lineBytes = 0
        else this.#place = 'whole'
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigitOf(byte)
    if (digit >= 0) {
      this.#digits += 1
      if (this.#digits > SIZE_DIGITS_MAX) throw new HttpViolation('a chunk without an end')
      // What was left is 0: a size begins behind a whole chunk.
      this.#left = this.#left * 16 + digit
      return
    }
    if (this.#digits === 0) throw new HttpViolation('a chunk without a size')
    if (byte === CR) this.#place = 'size-lf'
    else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.#place = 'extension'
    else throw new HttpViolation('a chunk without a size')
  }

  #countBeside(): void {
    this.#besideBytes += 1
    if (this.#besideBytes > HEAD_BYTES_MAX) throw new HttpViolation('trailers without an end')
  }
}

interface Framing {
  /** Lower case, as are the others. */
  connection: string
  encoding: string
  length: number | undefined
  kept: number
}

function framingOf(fields: readonly string[]): Framing {
  const framing: Framing = { connection: '', encoding: '', length: undefined, kept: KEPT_MS_DEFAULT }
  for (const field of fields) {
    const colon = field.indexOf(':')
    if (colon <= 0 || field.charCodeAt(colon - 1) === SPACE) throw new HttpViolation('a header without a name')
    const value = field.slice(colon + 1).trim()
    switch (field.slice(0, colon).toLowerCase()) {
      case 'connection':
        framing.connection += ` ${value.toLowerCase()}`
        break
      case 'transfer-encoding':
        framing.encoding += (framing.encoding && ', ') + value.toLowerCase()
        break
      case 'content-length': {
        const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined
        if (length === undefined || (framing.length ?? length) !== length)
          throw new HttpViolation('a length that is none')
        framing.length = length
        break
      }
      case 'keep-alive': {
        const seconds = /(?:^|[\s,])timeout=(\d{1,9})(?:$|[\s,])/i.exec(value)?.[1]
        if (seconds !== undefined) framing.kept = keptMsOf(Number(seconds))
      }
    }
  }
  return framing
}

const keptMsOf = (seconds: number): number => Math.max(0, Math.min(seconds * 1_000 - KEPT_MS_MARGIN, KEPT_MS_MAX))

function hexDigitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function expectByte(byte: number, expected: number): void {
  if (byte !== expected) throw new HttpViolation('a chunk that is longer than it says')
}
