/** Cuts a byte stream into what is awaited: one line of JSON, or so many bytes. What nobody awaits is refused. */

/** Of a line. */
const LINE_BYTES_MAX = 16_384
const NEWLINE = 0x0a

type Awaited =
  | { readonly kind: 'line'; take(value: unknown): void }
  | { readonly kind: 'bytes'; readonly length: number; take(bytes: Uint8Array): void }

export class ReplyReader {
  #awaited: Awaited | null = null
  #parts: Buffer[] = []
  #length = 0

  /** `take` gets the next line's value; undefined where it is no JSON. */
  line(take: (value: unknown) => void): void {
    this.#awaited = { kind: 'line', take }
  }

  bytes(length: number, take: (bytes: Uint8Array) => void): void {
    this.#awaited = { kind: 'bytes', length, take }
  }

  /** False for bytes that nobody awaits, and for a line without an end. */
  push(chunk: Buffer): boolean {
    let rest = chunk
    while (rest.length > 0) {
      const awaited = this.#awaited
      if (!awaited) return false
      const newline = awaited.kind === 'line' ? rest.indexOf(NEWLINE) : -1
      const missing = awaited.kind === 'bytes' ? awaited.length - this.#length : newline + 1
      const taken = rest.subarray(0, missing > 0 ? missing : rest.length)
      rest = rest.subarray(taken.length)
      this.#parts.push(taken)
      this.#length += taken.length
      const isWhole = awaited.kind === 'bytes' ? this.#length === awaited.length : newline >= 0
      if (!isWhole) {
        if (awaited.kind === 'line' && this.#length > LINE_BYTES_MAX) return false
        continue
      }
      const whole = Buffer.concat(this.#parts)
      this.#parts = []
      this.#length = 0
      this.#awaited = null
      if (awaited.kind === 'bytes') awaited.take(whole)
      else awaited.take(jsonOf(whole))
    }
    return true
  }
}

function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
}
