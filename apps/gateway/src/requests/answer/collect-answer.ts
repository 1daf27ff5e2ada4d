/**
 * Collects the chunks of a stream into the whole answer that OpenAI gives without streaming. Of a sealed answer it keeps
 * the parts, which say nothing to anybody here.
 */
import { foldAnswer, type FoldedAnswer } from '@isochrone/protocol/fold-answer'
import type { InferencePath } from '../read/parse-request.ts'
import type { AnswerSink } from './answer-sink.ts'

export interface CollectedAnswer extends AnswerSink {
  /** The answer without usage. */
  answer(): Record<string, unknown>
}

/** By what the node was asked. */
const kinds = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completion',
  '/v1/embeddings': 'embeddings',
} as const

/** A sink for one request; `signal` aborts when the customer is gone. */
export function collectAnswer(path: InferencePath, signal: AbortSignal, isSealed = false): CollectedAnswer {
  const folded = isSealed ? collectSealed() : foldAnswer(kinds[path])
  return {
    streams: false,
    signal,
    begin: () => {},
    write(chunk) {
      folded.add(parseChunk(chunk))
      return undefined
    },
    bytesOut: () => Buffer.byteLength(JSON.stringify(folded.answer())),
    reset: () => folded.reset(),
    answer: () => folded.answer(),
  }
}

function collectSealed(): FoldedAnswer {
  let parts: unknown[] = []
  return {
    add: ({ sealed }: Record<string, unknown>) => void parts.push(sealed),
    answer: () => ({ object: 'isochrone.sealed', sealed: parts }),
    reset: () => void (parts = []),
  }
}

/** A chunk that is not a JSON object adds nothing: the node's own signature covers it all the same. */
function parseChunk(chunk: Uint8Array): Record<string, unknown> {
  try {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8')
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
