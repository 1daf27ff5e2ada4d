/** Test support: a backend that emits numbered tokens and fails where it is told to. */
import type { EngineBackend, GenerationEvent, GenerationRequest, ModelCard, Usage } from './engine-backend.ts'

export type Script = {
  readonly dieAfterTokens?: number
  /** Awaited before each token. */
  readonly pace?: () => Promise<void>
}

export class ScriptedBackend implements EngineBackend {
  readonly models: readonly ModelCard[]
  readonly features = ['chat', 'completions'] as const
  readonly #script: Script
  /** Tokens made so far, over all requests. */
  made = 0
  #running = 0

  constructor(modelId: string, script: Script = {}) {
    this.models = [
      { id: modelId, modelHash: `0x${'11'.repeat(32)}`, contextTokens: 100_000, simulated: false, note: 'test' },
    ]
    this.#script = script
  }

  async *generate(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent, void, void> {
    this.#running += 1
    try {
      const limit = request.tokensOutMax ?? 10
      for (let made = 1; made <= limit; made++) {
        await this.#script.pace?.()
        signal.throwIfAborted()
        if (this.#script.dieAfterTokens !== undefined && made > this.#script.dieAfterTokens) throw new Error('it broke')
        this.made += 1
        if (made < limit) yield { type: 'text', text: ` ${made}`, usage: usage(made) }
        else yield { type: 'end', text: ` ${made}`, reason: 'length', usage: usage(made) }
      }
    } finally {
      this.#running -= 1
    }
  }

  load() {
    return { running: this.#running, queued: 0 }
  }

  async close(): Promise<void> {}
}

function usage(tokensOut: number): Usage {
  return { tokensIn: 3, tokensCached: 0, tokensOut }
}
