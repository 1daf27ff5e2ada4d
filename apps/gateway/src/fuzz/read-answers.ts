/** Reads HTTP answers from the bytes of one connection, as a client that trusts nothing: each whole one, and what is left. */

export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

export interface Answers {
  readonly whole: readonly Answer[]
  /** Bytes behind the last whole answer. */
  readonly rest: Buffer
}

/** `methods`: of the requests in order; an answer to HEAD has no body. Throws on bytes that are no answer. */
export function readAnswers(bytes: Buffer, methods: readonly string[]): Answers {
  const whole: Answer[] = []
  let rest = bytes
  for (;;) {
    const next = readOne(rest, methods[whole.length] ?? 'GET')
    if (next === null) return { whole, rest }
    rest = rest.subarray(next.length)
    // 100 Continue and the like come before the answer.
    if (next.answer.status >= 200) whole.push(next.answer)
  }
}

function readOne(bytes: Buffer, method: string): { answer: Answer; length: number } | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${first} `)?.[1])
  if (Number.isNaN(status)) throw new Error(`no status line: ${first.slice(0, 200)}`)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const from = end + 4
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD')
    return { answer: { status, headers, body: '' }, length: from }
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunks = readChunks(bytes, from)
    return chunks && { answer: { status, headers, body: chunks.text }, length: chunks.end }
  }
  const length = Number(headers.get('content-length') ?? Number.NaN)
  if (Number.isNaN(length)) throw new Error(`an answer ${status} without a length`)
  if (bytes.length < from + length) return null
  return { answer: { status, headers, body: bytes.toString('utf8', from, from + length) }, length: from + length }
}

function readChunks(bytes: Buffer, start: number): { text: string; end: number } | null {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (Number.isNaN(size)) throw new Error('a chunk without a size')
    const from = line + 2
    if (bytes.length < from + size + 2) return null
    if (size === 0) return { text: Buffer.concat(parts).toString('utf8'), end: from + 2 }
    parts.push(bytes.subarray(from, from + size))
    at = from + size + 2
  }
}
