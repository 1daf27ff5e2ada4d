/** Unit vectors that depend on the input alone, at the time that the simulated hardware would take to read it. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { prefillMs, type PerfCurve } from '@isochrone/perf-model'
import type { EmbeddingRequest, Embeddings } from './engine-backend.ts'

const DIMENSIONS = 256
/** The usual estimate for English text: no tokenizer is run, because no model is. */
const BYTES_PER_TOKEN = 4

export async function simulatedEmbeddings(
  { inputs, dimensions = DIMENSIONS }: EmbeddingRequest,
  curve: PerfCurve,
  signal: AbortSignal,
): Promise<Embeddings> {
  const tokensIn = inputs.reduce((sum, input) => sum + tokensOf(input), 0)
  await sleep(prefillMs(curve, tokensIn), undefined, { signal })
  return { vectors: inputs.map((input) => unitVector(JSON.stringify(input), dimensions)), tokensIn }
}

const tokensOf = (input: string | readonly number[]): number =>
  typeof input === 'string' ? Math.max(1, Math.ceil(Buffer.byteLength(input) / BYTES_PER_TOKEN)) : input.length

function unitVector(text: string, dimensions: number): number[] {
  let digest = createHash('sha256').update(text).digest()
  const raw: number[] = []
  for (let at = 0; raw.length < dimensions; at += 2) {
    if (at === digest.length) {
      digest = createHash('sha256').update(digest).digest()
      at = 0
    }
    raw.push(digest.readUInt16LE(at) / 32_767.5 - 1)
  }
  const length = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0)) || 1
  return raw.map((value) => value / length)
}
