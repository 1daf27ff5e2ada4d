/**
 * A `fetch` that notes every error on its way to a client: the body of an answer, a frame of a stream, what a job or a batch
 * ended with, a line of an error file.
 * Nothing is changed or held back, so what a case says of an error can be held against what was really sent.
 */
export interface SeenError {
  /** Of the answer; 200 for a frame of a stream and for a job that was asked after. */
  status: number
  headers: Headers
  error: { code: string; type?: string; owner?: string; request_id?: string; param?: string | null; message?: string }
}

export interface SeenErrors {
  readonly all: readonly SeenError[]
  readonly count: number
  /** Codes that came after so many errors. */
  codesSince(count: number): Set<string>
}

type Fields = Record<string, unknown>

/** Longer lines are contents, not errors. */
const LINE_LENGTH_MAX = 1_000_000
/** An error stands in an event, in its response, or in what a job ended with. */
const DEPTH_MAX = 4

export function watchErrors(): { fetch: typeof fetch; errors: SeenErrors } {
  const all: SeenError[] = []
  return {
    async fetch(input, init) {
      const response = await fetch(input, init)
      const { status, statusText, headers } = response
      if (response.body === null) return response
      const noted = response.body.pipeThrough(
        linesSeen((line) => {
          for (const error of errorsIn(line)) all.push({ status, headers, error })
        }),
      )
      return new Response(noted, { status, statusText, headers })
    },
    errors: {
      all,
      get count() {
        return all.length
      },
      codesSince: (count) => new Set(all.slice(count).map(({ error }) => error.code)),
    },
  }
}

/** Hands each part on as it is, and tells each line that has passed. */
function linesSeen(told: (line: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  let open = ''
  return new TransformStream({
    transform(part, controller) {
      const lines = (open + decoder.decode(part, { stream: true })).split('\n')
      open = lines.pop() ?? ''
      for (const line of lines) told(line)
      controller.enqueue(part)
    },
    flush: () => told(open),
  })
}

function errorsIn(line: string): SeenError['error'][] {
  const text = line.replace(/^data: /, '')
  if (!text.startsWith('{') || text.length > LINE_LENGTH_MAX) return []
  try {
    return errorsOf(JSON.parse(text), 0)
  } catch {
    return []
  }
}

function errorsOf(value: unknown, depth: number): SeenError['error'][] {
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const fields = value as Fields
  const inside = Object.values(fields).flatMap((each) => errorsOf(each, depth + 1))
  // An event of a response has its code beside its type, not below `error`.
  const said = fields.type === 'error' ? fields : fields.error
  const { data: faults } = (fields.errors ?? {}) as { data?: unknown }
  const all = [said, ...(Array.isArray(faults) ? (faults as unknown[]) : [])]
  return [...all.filter(isError), ...inside]
}

const isError = (value: unknown): value is SeenError['error'] =>
  typeof value === 'object' && value !== null && typeof (value as Fields).code === 'string'
