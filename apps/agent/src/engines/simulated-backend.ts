/**
 * An engine that only keeps time: tokens arrive when a measured curve of the named hardware says that they would.
 *
 * It must never be mistaken for a real one: the model card and the first words of each answer say `simulated`. Each word
 * is a function of the text before it and the seed, as with a model: a replay gives the same words, and an answer that
 * another replica began goes on as it would have there.
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { prefillMs, tpotMs, type PerfCurve } from '@isochrone/perf-model'
import {
  EngineRequestError,
  type EngineBackend,
  type GenerationEvent,
  type GenerationRequest,
  type ModelCard,
} from './engine-backend.ts'
import { simulatedEmbeddings } from './simulated-embeddings.ts'
import { SequenceQueue } from './sequence-queue.ts'
import { StopMatcher } from './stop-matcher.ts'
import { TokenLoad, type RequestLoad } from './token-load.ts'

export type SimulatedOptions = {
  readonly modelId: string
  readonly curve: PerfCurve
  readonly sequences: number
  readonly queueMax: number
  readonly contextTokens?: number
}

/** As long as its answers are by nature: they end here where the request names no limit. */
const ANSWER_TOKENS = 256
/** The usual estimate for English text: no tokenizer is run, because no model is. */
const BYTES_PER_TOKEN = 4
/** Of the text before a word that decides it: bounded, so that a long answer costs no more for each word. */
const TAIL_CHARACTERS = 512
const words = 'time light road price node sum clock wire proof line stone river lamp seed map coin'.split(' ')

/** A backend that answers with the timing of `options.curve`. */
export function createSimulatedBackend(options: SimulatedOptions): EngineBackend {
  const { curve, modelId } = options
  const hardware = `${curve.gpu}x${curve.gpuCount} ${curve.precision}`
  const contextTokens = options.contextTokens ?? 131_072
  const card: ModelCard = {
    id: modelId,
    modelHash: `0x${createHash('sha256').update(`simulated ${modelId} ${hardware}`).digest('hex')}`,
    contextTokens,
    simulated: true,
    note: `simulated ${hardware}: timing of ${curve.measuredModel}; ${curve.source}`,
  }
  const running = new Map<number, number>()
  const queue = new SequenceQueue(
    Array.from({ length: options.sequences }, (_, slot) => slot),
    options.queueMax,
  )
  const load = new TokenLoad()
  /** By slot: prompts that have no first token, and how far their engine would be. */
  const prefills = new Map<number, Prefill>()
  let prefillFreeAtMs = 0

  /** Decode speed now: every running sequence shares the replica. */
  const stepMs = () => {
    const total = [...running.values()].reduce((sum, tokens) => sum + tokens, 0)
    return tpotMs(curve, running.size, total / Math.max(1, running.size))
  }

  async function* generate(
    request: GenerationRequest,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void, void> {
    const tokensIn = Math.max(1, Math.ceil(promptBytes(request) / BYTES_PER_TOKEN))
    if (tokensIn >= contextTokens) {
      throw new EngineRequestError(
        400,
        'context_length_exceeded',
        `the prompt has ${tokensIn} tokens, the context ${contextTokens}`,
        request.input.kind === 'chat' ? 'messages' : 'prompt',
      )
    }
    const asked = load.begin(tokensIn)
    let slot: number
    try {
      slot = await queue.acquire((free) => free[0] ?? 0, signal)
    } catch (error) {
      asked.end()
      throw error
    }
    try {
      running.set(slot, tokensIn)
      const now = performance.now()
      prefillFreeAtMs = Math.max(prefillFreeAtMs, now) + prefillMs(curve, tokensIn)
      let dueMs = prefillFreeAtMs
      prefills.set(slot, { asked, tokens: tokensIn, toMs: dueMs, tookMs: prefillMs(curve, tokensIn), done: 0 })
      const stops = new StopMatcher(request.stop)
      const limit = Math.min(request.tokensOutMax ?? answerTokensLeft(request), contextTokens - tokensIn)
      const next = wordsAfter(textOf(request), request.seed ?? 0)
      const usage = (tokensOut: number) => ({ tokensIn, tokensCached: 0, tokensOut })
      let made = 0
      while (made < limit) {
        dueMs += stepMs()
        const waitMs = dueMs - performance.now()
        if (waitMs > 0) await sleep(waitMs, undefined, { signal })
        signal.throwIfAborted()
        const piece = made === 0 && !request.continues ? next(`[simulated ${hardware}]`) : next()
        made += 1
        if (made === 1) prefills.delete(slot)
        if (made === 1) asked.decoding()
        asked.token()
        running.set(slot, tokensIn + made)
        const { text, stopped } = stops.push(piece)
        if (stopped) {
          yield { type: 'end', text, reason: 'stop', usage: usage(made) }
          return
        }
        if (made < limit && text !== '') yield { type: 'text', text, usage: usage(made) }
        if (made === limit) yield { type: 'end', text: text + stops.flush(), reason: 'length', usage: usage(made) }
      }
    } finally {
      asked.end()
      prefills.delete(slot)
      running.delete(slot)
      queue.release(slot)
    }
  }

  return {
    engine: { name: 'simulated', version: null },
    models: [card],
    embed: (request, signal) => simulatedEmbeddings(request, curve, signal),
    features: ['chat', 'completions', 'seed', 'continuation', 'embeddings'],
    generate,
    load() {
      for (const prefill of prefills.values()) progress(prefill, performance.now())
      const { running, queued } = queue
      return { running, queued, prefillTokens: load.prefillTokens, contextTokens: load.contextTokens }
    },
    close: async () => {},
  }
}

interface Prefill {
  asked: RequestLoad
  tokens: number
  /** When it is done, and how long it takes by itself, ms. */
  toMs: number
  tookMs: number
  /** Tokens of it that were said to be done. */
  done: number
}

function progress(prefill: Prefill, nowMs: number): void {
  const { asked, tokens, toMs, tookMs } = prefill
  const share = tookMs > 0 ? Math.min(1, Math.max(0, 1 - (toMs - nowMs) / tookMs)) : 1
  const done = Math.floor(share * tokens)
  asked.prefilled(done - prefill.done)
  prefill.done = done
}

function promptBytes({ input }: GenerationRequest): number {
  if (input.kind === 'completion') return Buffer.byteLength(input.prompt)
  return input.messages.reduce((sum, message) => sum + Buffer.byteLength(message.content) + BYTES_PER_TOKEN, 0)
}

/** The whole text that the answer follows, and of a continuation its beginning too. */
function textOf({ input }: GenerationRequest): string {
  return input.kind === 'completion' ? input.prompt : input.messages.map(({ content }) => content).join('')
}

/** Of an answer that another replica began, what is left of its length: each word of it was a token. */
function answerTokensLeft({ input, continues }: GenerationRequest): number {
  if (!continues || input.kind === 'completion') return ANSWER_TOKENS
  const begun = input.messages.at(-1)?.content ?? ''
  const first = /^\[simulated [^\]]*\]/.exec(begun)?.[0] ?? ''
  const tokens = (first === '' ? 0 : 1) + begun.slice(first.length).split(' ').length - 1
  return Math.max(1, ANSWER_TOKENS - tokens)
}

/** Makes the text that follows `text`, word by word; a word that is given takes the place of the next one. */
function wordsAfter(text: string, seed: number): (given?: string) => string {
  let tail = text.slice(-TAIL_CHARACTERS)
  return (given) => {
    const digest = createHash('sha256').update(`${seed} ${tail}`).digest()
    const piece = given ?? ` ${words[(digest[0] ?? 0) % words.length] ?? ''}`
    tail = (tail + piece).slice(-TAIL_CHARACTERS)
    return piece
  }
}
