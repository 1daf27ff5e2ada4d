/**
 * Requests to a gateway that runs: pipelined over kept connections, the last one of some connections broken. Each is answered
 * in time, with a status that means something and, where it is refused, with a typed error that is not the gateway's own.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Prng } from '@isochrone/domain'
import { broken, soundRequest, type RawRequest } from './arbitrary-request.ts'
import { Fault, rngOf, sample, type FuzzKind } from './fuzz-kind.ts'
import { readAnswers, type Answer } from './read-answers.ts'

/** Requests of a connection at most, connections at a time, and how long one may take. */
const [PIPELINED_MAX, CONNECTIONS, ANSWERED_MS_MAX] = [12, 8, 30_000]
const REQUESTS = 256

export interface HttpTarget {
  readonly port: number
  readonly key: string
  readonly models: readonly string[]
}

interface Exchange {
  readonly requests: readonly RawRequest[]
  /** Sent behind them; the connection is then ended from this side. */
  readonly broken: Buffer | null
}

export function httpKind(target: HttpTarget): FuzzKind {
  const arbitrary = soundRequest(target.key, target.models)
  return {
    name: 'http',
    what: 'HTTP requests to a gateway process',
    async run(id) {
      const exchanges = exchangesOf(sample(arbitrary, id, REQUESTS), rngOf(id))
      let next = 0
      const line = async (): Promise<void> => {
        for (let at = next++; at < exchanges.length; at = next++) await judge(target, exchanges[at] as Exchange)
      }
      await Promise.all(Array.from({ length: CONNECTIONS }, line))
      return exchanges.reduce((sum, { requests, broken: last }) => sum + requests.length + (last ? 1 : 0), 0)
    },
  }
}

/** A third of the connections ends with a broken request. */
function exchangesOf(requests: RawRequest[], rng: Prng): Exchange[] {
  const exchanges: Exchange[] = []
  for (let at = 0; at < requests.length;) {
    const some = requests.slice(at, at + 1 + rng.below(PIPELINED_MAX))
    at += some.length
    const last = rng.below(3) === 0 ? some.pop() : undefined
    exchanges.push({ requests: some, broken: last ? broken(last, rng) : null })
  }
  return exchanges
}

async function judge(target: HttpTarget, exchange: Exchange): Promise<void> {
  const { requests, broken: last } = exchange
  const sent = Buffer.concat([...requests.map(({ bytes }) => bytes), ...(last ? [last] : [])])
  const { received, inTime } = await send(target.port, sent, exchange)
  let answered = 0
  try {
    const { whole } = readAnswers(received, methodsOf(exchange))
    answered = whole.length
    for (const answer of whole) mustBeTyped(answer)
    const closed = whole.some(({ headers }) => headers.get('connection') === 'close')
    if (!inTime) throw new Error(`${whole.length} of ${requests.length} answered within ${ANSWERED_MS_MAX} ms`)
    if (last === null && whole.length < requests.length && !closed)
      throw new Error(`${whole.length} of ${requests.length} answered, then the connection was closed without a word`)
  } catch (error) {
    // Where all sound ones were answered, it is the broken one's.
    const blamed = last !== null && answered >= requests.length ? last : sent
    throw new Fault(error instanceof Error ? error.message : String(error), blamed, error)
  }
}

/** The broken one's as far as it can be read: an answer to HEAD has no body. */
const methodsOf = ({ requests, broken: last }: Exchange): string[] => [
  ...requests.map(({ method }) => method),
  ...(last ? [last.toString('latin1', 0, 10).split(' ')[0] ?? ''] : []),
]

/** Ends when all sound requests are answered and nothing broken was sent, else when the gateway ends the connection. */
async function send(port: number, sent: Buffer, exchange: Exchange): Promise<{ received: Buffer; inTime: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const parts: Buffer[] = []
  let inTime = true
  socket.on('error', () => socket.destroy())
  const late = setTimeout(() => {
    inTime = false
    socket.destroy()
  }, ANSWERED_MS_MAX)
  socket.on('data', (part) => {
    parts.push(part)
    if (exchange.broken === null && isDone(parts, exchange)) socket.end()
  })
  socket.on('end', () => socket.end())
  socket.write(sent)
  if (exchange.broken !== null) socket.end()
  await closed(socket)
  clearTimeout(late)
  return { received: Buffer.concat(parts), inTime }
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close').catch(() => undefined)
}

function isDone(parts: Buffer[], exchange: Exchange): boolean {
  try {
    const all = Buffer.concat(parts)
    parts.splice(0, parts.length, all)
    return readAnswers(all, methodsOf(exchange)).whole.length >= exchange.requests.length
  } catch {
    return true
  }
}

interface ErrorBody {
  error?: { message?: unknown; type?: unknown; code?: unknown; owner?: unknown; request_id?: unknown }
}

/** Refusals say what, whose and which; nothing that a stranger sends is the platform's fault. */
function mustBeTyped({ status, headers, body }: Answer): void {
  const isHead = body === '' && status !== 200
  if (status < 300 || (isHead && headers.get('content-length') !== '0')) return
  const said = `${status} ${body.slice(0, 300)}`
  let json: ErrorBody
  try {
    json = JSON.parse(body) as ErrorBody
  } catch {
    throw new Error(`an answer that is no JSON: ${said}`)
  }
  const { message, type, code, owner, request_id: id } = json.error ?? {}
  for (const word of [message, type, code, owner])
    if (typeof word !== 'string' || word === '') throw new Error(`an untyped answer: ${said}`)
  if (id !== headers.get('x-request-id')) throw new Error(`an answer without its id: ${said}`)
  if (status === 500 || owner === 'platform') throw new Error(`an internal error: ${said}`)
}
