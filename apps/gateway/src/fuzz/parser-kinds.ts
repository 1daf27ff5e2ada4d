/**
 * The bulk: what reads the bytes of strangers, called directly. Whatever they are, it returns or throws a typed error that is
 * the sender's; and what it makes of them means what was sent.
 */
import { isAppError, type Prng } from '@isochrone/domain'
import { LINK_PROTOCOL_VERSION, linkHello, type LinkHello, type StreamOpen } from '@isochrone/protocol'
import { endpoints } from '../http/endpoints.ts'
import { decodeSignedWork } from '../lane/check-work.ts'
import { intentOf, nodeId } from '../lane/lane-fixtures.ts'
import { LinkSession } from '../link/link-session.ts'
import { collectAnswer } from '../requests/answer/collect-answer.ts'
import { followDelivered } from '../requests/answer/delivered-text.ts'
import { createResponseEvents } from '../responses/response-events.ts'
import { arbitraryBody } from './arbitrary-body.ts'
import { arbitraryChunk, arbitraryMessage } from './arbitrary-frame.ts'
import { Fault, rngOf, sample, type BatchId, type FuzzKind } from './fuzz-kind.ts'
import { mutate } from './mutate.ts'

/** Damaged forms of each generated case. */
const DAMAGED = 15
/** Larger ones go once: they would be all of the time. */
const LARGE_BYTES = 20_000
const bodies = arbitraryBody(['scripted'])

/** Typed errors of the sender's are what a parser may throw. */
function typed<T>(input: Uint8Array, read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (isAppError(error) && error.owner === 'client') return null
    throw new Fault(`threw ${String(error)}`, input, error)
  }
}

const formsOf = (whole: Buffer, rng: Prng): Buffer[] => [
  whole,
  ...Array.from({ length: DAMAGED }, () => mutate(whole, rng)),
]

function runBodies(id: BatchId): number {
  const rng = rngOf(id)
  let cases = 0
  for (const { path, body } of sample(bodies, id)) {
    const read = endpoints[path]
    for (const form of body.length > LARGE_BYTES ? [body] : formsOf(body, rng)) {
      cases++
      const asked = typed(form, () => read?.(form, {}))
      if (asked && path !== '/v1/responses') mustMeanTheSame(form, asked.inference)
    }
  }
  return cases
}

/** What the node gets is what was sent, but for what is the gateway's own. */
function mustMeanTheSame(sent: Buffer, { body, model }: { body: Uint8Array; model: string }): void {
  const { routing: _routing, ...before } = JSON.parse(sent.toString('utf8')) as Record<string, unknown>
  const after = typed(body, () => JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>)
  if (JSON.stringify(after) !== JSON.stringify({ ...before, model })) {
    throw new Fault(`the node gets ${Buffer.from(body).toString('utf8').slice(0, 500)}`, sent)
  }
}

const hello: LinkHello = linkHello.parse({
  protocol: LINK_PROTOCOL_VERSION,
  nodeKey: `0x${'00'.repeat(20)}`,
  proof: `0x${'00'.repeat(65)}`,
  concurrencyMax: 16,
  models: [],
  inventory: { hardware: '', cpuModel: '', cpuCores: 1, memoryMib: 1, gpus: [], agentVersion: '', os: '' },
  simulatedRttMs: null,
})
const { requestIdHash, channelId, termsHash, modelHash } = intentOf('req_fuzz')
const header: StreamOpen = {
  requestId: requestIdHash,
  attempt: 0,
  channelId,
  termsHash,
  model: 'demo',
  modelHash,
  salt: `0x${'5a'.repeat(32)}`,
  path: '/v1/chat/completions',
  timeoutMs: 10_000,
  tokensOutMax: 256,
}
/** Streams that are open on a link at its beginning. */
const STREAMS = 6
const wire = { send: () => undefined, reject: () => undefined, close: () => undefined, pause: () => undefined }

function linkWithStreams(): LinkSession {
  const session = new LinkSession({
    nodeId,
    hello,
    socket: { ...wire, resume: () => undefined, bufferedBytes: 0 },
    nowMs: () => 0,
    present: (_session, signed) => void decodeSignedWork(signed),
    reported: () => undefined,
    answered: () => undefined,
    checkSealingKeys: () => undefined,
  })
  for (let i = 0; i < STREAMS; i++) {
    const stream = session.open(header, Buffer.alloc(0))
    const reader = stream.chunks[Symbol.asyncIterator]()
    // Some are read, some are not.
    if (i % 2 === 0) void reader.next().then(() => stream.acknowledge(1))
  }
  return session
}

function runFrames(id: BatchId): number {
  const rng = rngOf(id)
  let session = linkWithStreams()
  let cases = 0
  for (const whole of sample(arbitraryMessage, id)) {
    for (const message of whole.length > LARGE_BYTES ? [whole] : formsOf(whole, rng)) {
      cases++
      const link = session
      const fine = typed(message, () => (link.receive(message), true))
      if (fine === true) continue
      // A link that broke the protocol is closed; the next one is new.
      link.lost()
      session = linkWithStreams()
    }
  }
  session.lost()
  return cases
}

const head = { id: 'resp_1', createdAt: 1, model: 'demo', echo: {} }

function runChunks(id: BatchId): number {
  const rng = rngOf(id)
  const signal = new AbortController().signal
  const chunks = sample(arbitraryChunk, id).map((text) => Buffer.from(text))
  let cases = 0
  for (let at = 0; at < chunks.length; at += 4) {
    const some = chunks.slice(at, at + 4).flatMap((chunk) => formsOf(chunk, rng))
    for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings'] as const) {
      const sink = collectAnswer(path, signal)
      const delivered = followDelivered(path === '/v1/completions' ? 'completion' : 'chat')
      const events = createResponseEvents(head)
      for (const chunk of some) {
        typed(chunk, () => {
          void sink.write(chunk)
          delivered.add(chunk)
          const json = objectOf(chunk)
          if (json) events.chunk(json)
        })
      }
      typed(Buffer.concat(some), () => [sink.answer(), delivered.text()])
    }
    cases += some.length
  }
  return cases
}

function objectOf(chunk: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(chunk.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

export const parserKinds: readonly FuzzKind[] = [
  { name: 'bodies', what: 'bodies given to the reader of their endpoint', run: runBodies },
  { name: 'frames', what: 'messages given to a link with open streams', run: runFrames },
  { name: 'chunks', what: 'chunks of an answer given to what puts it together', run: runChunks },
]
