/**
 * The real engine: llama.cpp through node-llama-cpp, on one GGUF file, batching over the sequences of one context.
 *
 * Each request gets a sequence; the library decodes all sequences that have work in one batch (continuous batching).
 * A sequence keeps its KV cache after a request, and the next request takes the free sequence that shares the longest
 * prefix: those tokens are reported as cached. One thread: more are slower for small models, and a node may host many.
 */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { getLlama, LlamaLogLevel, type LlamaContextSequence, type LlamaModel, type Token } from 'node-llama-cpp'
import {
  EngineRequestError,
  type EngineBackend,
  type GenerationEvent,
  type GenerationRequest,
  type ModelCard,
} from './engine-backend.ts'
import { createPromptEncoder, type EncodedPrompt } from './llama-prompt.ts'
import { SequenceQueue } from './sequence-queue.ts'
import { StopMatcher } from './stop-matcher.ts'
import { TokenLoad, type RequestLoad } from './token-load.ts'
import { TokenText } from './token-text.ts'

export type LlamaOptions = {
  readonly modelPath: string
  readonly modelId: string
  readonly modelHash: `0x${string}`
  readonly note: string
  readonly sequences: number
  readonly queueMax: number
  /** Per sequence; the model's own limit caps it. */
  readonly contextTokensMax: number
  /** Told how much of the model is loaded, 0 to 1. */
  readonly onLoadProgress?: (part: number) => void
}

/** Prompt tokens between two looks at the abort signal, and the size of a decode batch. */
const PREFILL_CHUNK_TOKENS = 512
const THREADS = 1

/** Loads the model; rejects when the file is no model that this llama.cpp can run. */
export async function createLlamaBackend(options: LlamaOptions): Promise<EngineBackend> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
  })
  const model = await llama.loadModel({
    modelPath: options.modelPath,
    ...(options.onLoadProgress && { onLoadProgress: options.onLoadProgress }),
  })
  const contextTokens = Math.min(options.contextTokensMax, model.trainContextSize)
  const context = await model.createContext({
    sequences: options.sequences,
    contextSize: contextTokens,
    batchSize: PREFILL_CHUNK_TOKENS,
    threads: THREADS,
    // On a CPU decoding with it is two to three times slower, and it makes tokens depend more on the batch.
    flashAttention: false,
  })
  const encode = createPromptEncoder(model)
  const sequences = Array.from({ length: options.sequences }, () => context.getSequence())
  const queue = new SequenceQueue(sequences, options.queueMax)
  const load = new TokenLoad()
  const card: ModelCard = {
    id: options.modelId,
    modelHash: options.modelHash,
    contextTokens,
    simulated: false,
    note: options.note,
    file: {
      name: basename(options.modelPath),
      bytes: (await stat(options.modelPath)).size,
      memoryMib: await memoryMib(model, { contextSize: contextTokens, sequences: options.sequences }),
    },
  }

  async function* generate(
    request: GenerationRequest,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void, void> {
    const prompt = encode(request.input)
    if (prompt.tokens.length >= contextTokens) {
      throw new EngineRequestError(
        400,
        'context_length_exceeded',
        `the prompt has ${prompt.tokens.length} tokens, the context ${contextTokens}`,
        request.input.kind === 'chat' ? 'messages' : 'prompt',
      )
    }
    const asked = load.begin(prompt.tokens.length)
    let sequence: LlamaContextSequence
    try {
      sequence = await queue.acquire((free) => longestPrefix(free, prompt.tokens), signal)
    } catch (error) {
      asked.end()
      throw error
    }
    try {
      const limit = Math.min(request.tokensOutMax ?? Number.POSITIVE_INFINITY, contextTokens - prompt.tokens.length)
      yield* decode({ model, sequence, prompt, request, limit, signal, asked })
    } catch (error) {
      await sequence.clearHistory()
      throw error
    } finally {
      asked.end()
      queue.release(sequence)
    }
  }

  return {
    engine: { name: 'llama.cpp', version: llama.llamaCppRelease.release },
    models: [card],
    features: ['chat', 'completions', 'seed', 'continuation'],
    generate,
    load: () => ({
      running: queue.running,
      queued: queue.queued,
      prefillTokens: load.prefillTokens,
      contextTokens: load.contextTokens,
    }),
    async close() {
      await context.dispose()
      await model.dispose()
      await llama.dispose()
    },
  }
}

/** Weights, and the context of all sequences, as the library works them out; null where it cannot. */
async function memoryMib(
  model: LlamaModel,
  { contextSize, sequences }: { contextSize: number; sequences: number },
): Promise<number | null> {
  const shared = { batchSize: PREFILL_CHUNK_TOKENS, flashAttention: false } as const
  try {
    const weights = await model.fileInsights.estimateModelResourceRequirementsV2({ gpuLayers: 0 })
    const context = await model.fileInsights.estimateContextResourceRequirementsV2({
      contextSize,
      sequences,
      modelGpuLayers: 0,
      ...shared,
    })
    return Math.ceil((weights.cpuRam + context.cpuRam) / 2 ** 20)
  } catch {
    return null
  }
}

interface Decoding {
  model: LlamaModel
  sequence: LlamaContextSequence
  prompt: EncodedPrompt
  request: GenerationRequest
  limit: number
  signal: AbortSignal
  asked: RequestLoad
}

async function* decode(decoding: Decoding): AsyncGenerator<GenerationEvent, void, void> {
  const { model, sequence, prompt, request, limit, signal, asked } = decoding
  const tokensIn = prompt.tokens.length
  const { tokensCached, rest } = await prefill(sequence, prompt.tokens, signal, asked)
  const usage = (tokensOut: number) => ({ tokensIn, tokensCached, tokensOut })
  const stops = new StopMatcher([...request.stop, ...prompt.stopTexts])
  const assembler = new TokenText(model)
  let made = 0
  // The generator of the library must be closed by leaving the loop: it holds a sampler.
  for await (const token of sequence.evaluate(rest, {
    temperature: request.temperature,
    topP: request.topP,
    ...(request.seed !== undefined && { seed: request.seed >>> 0 }),
  })) {
    signal.throwIfAborted()
    asked.decoding()
    if (prompt.stopTokens.has(token)) break
    made += 1
    asked.token()
    const { text, stopped } = stops.push(assembler.push(token))
    if (stopped) {
      yield { type: 'end', text, reason: 'stop', usage: usage(made) }
      return
    }
    if (made === limit) {
      const tail = stops.push(assembler.flush())
      const ending = text + tail.text + stops.flush()
      yield { type: 'end', text: ending, reason: tail.stopped ? 'stop' : 'length', usage: usage(made) }
      return
    }
    if (text !== '') yield { type: 'text', text, usage: usage(made) }
  }
  const tail = stops.push(assembler.flush())
  yield { type: 'end', text: tail.text + stops.flush(), reason: 'stop', usage: usage(made) }
}

/** Evaluates all but the last part of the prompt that the sequence does not hold yet; at least one token remains. */
async function prefill(
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  signal: AbortSignal,
  asked: RequestLoad,
): Promise<{ tokensCached: number; rest: Token[] }> {
  const shared = Math.min(sharedPrefix(sequence, tokens), tokens.length - 1)
  await sequence.eraseContextTokenRanges([{ start: shared, end: sequence.nextTokenIndex }])
  // Erasing may drop more than asked for, where a model cannot forget in part.
  const tokensCached = Math.min(shared, sequence.nextTokenIndex)
  asked.prefilled(tokensCached)
  let at = tokensCached
  while (tokens.length - at > PREFILL_CHUNK_TOKENS) {
    signal.throwIfAborted()
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + PREFILL_CHUNK_TOKENS))
    at += PREFILL_CHUNK_TOKENS
    asked.prefilled(PREFILL_CHUNK_TOKENS)
  }
  return { tokensCached, rest: tokens.slice(at) }
}

function longestPrefix(free: readonly LlamaContextSequence[], tokens: readonly Token[]): LlamaContextSequence {
  let best = free[0] as LlamaContextSequence
  let bestShared = -1
  for (const sequence of free) {
    const shared = sharedPrefix(sequence, tokens)
    // Without a shared prefix the emptiest sequence is taken, so that useful caches live longer.
    const better = shared > bestShared || (shared === bestShared && sequence.nextTokenIndex < best.nextTokenIndex)
    if (better) [best, bestShared] = [sequence, shared]
  }
  return best
}

function sharedPrefix(sequence: LlamaContextSequence, tokens: readonly Token[]): number {
  return sequence.compareContextTokens([...tokens]).firstDifferentIndex
}
