/**
 * Streams an answer as server-sent events. A chunk's bytes go out as they came from the node, framed and nothing else.
 *
 * Headers leave with the first chunk, so an earlier failure still has its own status. A customer who stops reading holds
 * the stream back; one who reads nothing for too long is gone.
 */
import type { ServerResponse } from 'node:http'
import { chunkedBody, type ChunkedBody } from './chunked-body.ts'
import type { StreamWords } from './dialect.ts'
import type { Target } from '../requests/target.ts'
import type { AnswerSink } from '../requests/answer/answer-sink.ts'

export interface SseSink extends AnswerSink {
  /** True once headers have left. */
  readonly started: boolean
  /** Ends the stream with further events as text. */
  end(events: string): void
}

const PREFIX = Buffer.from('data: ')
const SUFFIX = Buffer.from('\n\n')
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const STALL_MS_MAX = 60_000

export interface SseSinkOptions {
  /** Aborts when the customer is gone. */
  signal: AbortSignal
  /** How the chunks are worded. */
  words: Pick<StreamWords, 'begin' | 'translate'>
  /** Asked once, when the node is known. */
  headersOf: (target: Target, placement: unknown) => Record<string, string>
  /** Is given all that is written, for whom it must be repeated to. */
  record?: ((part: Uint8Array) => void) | undefined
}

/** A sink on `response`. */
export function createSseSink(response: ServerResponse, { signal, words, headersOf, record }: SseSinkOptions): SseSink {
  let bytes = 0
  let body: ChunkedBody | null = null

  /** Resolves when the customer has caught up or is gone. */
  function drained(): Promise<void> {
    return new Promise((resolve) => {
      const stall = setTimeout(() => response.destroy(), STALL_MS_MAX)
      const settle = () => {
        clearTimeout(stall)
        response.off('drain', settle)
        response.off('close', settle)
        resolve()
      }
      response.on('drain', settle)
      response.on('close', settle)
    })
  }

  function send(part: Uint8Array, before?: Uint8Array, after?: Uint8Array): Promise<void> | undefined {
    for (const piece of [before, part, after]) {
      if (!piece) continue
      bytes += piece.length
      // A copy: a chunk is a view into a message of the link, which it would keep alive.
      record?.(Buffer.from(piece))
    }
    body ??= chunkedBody(response)
    if (body.write(part, before, after) || response.destroyed) return undefined
    return drained()
  }

  // Plain fields: a getter would outlive the request with all that it sees (see `Race`).
  const sink: SseSink & { started: boolean } = {
    streams: true,
    signal,
    started: false,
    begin(target, placement) {
      if (sink.started) return
      sink.started = true
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        ...headersOf(target, placement),
      })
      body = chunkedBody(response)
      const opening = words.begin()
      if (opening !== '') void send(Buffer.from(opening))
    },
    write(chunk) {
      if (words.translate) {
        const events = words.translate(chunk)
        return events === '' ? undefined : send(Buffer.from(events))
      }
      // A line break inside a chunk would let a node end the event and write events of its own.
      if (chunk.includes(LINE_FEED) || chunk.includes(CARRIAGE_RETURN)) chunk = withoutLineBreaks(chunk)
      return send(chunk, PREFIX, SUFFIX)
    },
    note(text) {
      // A comment: clients drop it, people who read the stream see it. It is nobody's bill.
      body?.write(Buffer.from(`: ${text.replace(/[\r\n]/g, ' ')}\n\n`))
    },
    bytesOut: () => bytes,
    reset() {
      bytes = 0
    },
    end(events) {
      if (body) body.end(events)
      else response.end(events)
    },
  }
  return sink
}

/** JSON text means the same with spaces there. */
function withoutLineBreaks(chunk: Uint8Array): Uint8Array {
  return chunk.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? 32 : byte))
}
