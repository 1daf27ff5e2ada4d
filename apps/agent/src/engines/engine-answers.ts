/**
 * Does the engine answer for each of its models? One short request each, when the agent starts, and again and again for those
 * that failed. A listing is taken to the market by what is answered, not by what a model list says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineModelReport, EngineReport } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { EngineFailure, type EngineCall } from './engine-driver.ts'
import type { EngineHealth } from './engine-health.ts'
import type { RunningEngine } from './start-engine.ts'

export type EngineAnswersOptions = {
  readonly engine: Pick<RunningEngine, 'driver' | 'engineModelOf' | 'about'>
  /** Null for an engine in this process: it is up while the agent is. */
  readonly health: Pick<EngineHealth, 'fault' | 'onChange'> | null
  readonly logger: Logger
  /** From one try of what failed to the next, ms. */
  readonly retryMs?: number
  /** For one answer, ms: a server may load its model first. */
  readonly limitMs?: number
}

/** What an engine that serves something of the kind answers to; the first that it does not refuse counts. */
const calls: readonly ((model: string) => EngineCall)[] = [
  (model) => ({
    path: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content: 'Say yes.' }], max_tokens: 1, temperature: 0 },
  }),
  (model) => ({ path: '/v1/completions', body: { model, prompt: 'Say yes.', max_tokens: 1, temperature: 0 } }),
  (model) => ({ path: '/v1/embeddings', body: { model, input: 'yes' } }),
]

export class EngineAnswers {
  readonly #options: EngineAnswersOptions
  readonly #answers = new Map<string, NonNullable<EngineModelReport['answer']>>()
  readonly #stop = new AbortController()
  readonly #listeners = new Set<() => void>()
  #loop: Promise<void> | undefined

  constructor(options: EngineAnswersOptions) {
    this.#options = options
  }

  /** As it stands now. */
  get report(): EngineReport {
    const { about } = this.#options.engine
    const fault = this.#options.health?.fault ?? null
    return {
      ...about,
      models: about.models.map((each) => ({
        ...each,
        answer: fault !== null ? { error: fault.slice(0, 300) } : (this.#answers.get(each.model) ?? null),
      })),
    }
  }

  start(): void {
    this.#options.health?.onChange(() => this.#tell())
    this.#loop ??= this.#run()
  }

  /** Tells of each change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { retryMs = 15_000, engine } = this.#options
    const open = () => engine.about.models.map(({ model }) => model).filter((model) => !this.#answered(model))
    while (open().length > 0) {
      for (const model of open()) {
        const answer = await this.#ask(engine.engineModelOf(model))
        if (this.#stop.signal.aborted) return
        this.#set(model, answer)
      }
      if (open().length > 0) await sleep(retryMs, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {})
      if (this.#stop.signal.aborted) return
    }
  }

  #answered(model: string): boolean {
    const answer = this.#answers.get(model)
    return answer !== undefined && 'firstTokenMs' in answer
  }

  #set(model: string, answer: NonNullable<EngineModelReport['answer']>): void {
    const before = this.#answers.get(model)
    this.#answers.set(model, answer)
    if (JSON.stringify(before) === JSON.stringify(answer)) return
    if ('error' in answer) this.#options.logger.warn({ model, reason: answer.error }, 'the engine does not answer')
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** One that refuses a protocol is asked by the next; whatever else goes wrong is how it ended. */
  async #ask(model: string): Promise<NonNullable<EngineModelReport['answer']>> {
    let refusal = ''
    for (const call of calls) {
      const startedMs = performance.now()
      try {
        await this.#firstToken(call(model))
        return { firstTokenMs: Math.round(performance.now() - startedMs) }
      } catch (error) {
        const message = (error instanceof Error ? error.message : String(error)).slice(0, 300)
        const isRefused = error instanceof EngineFailure && error.reason === 'rejected'
        if (!isRefused) return { error: message || 'It failed without a word.' }
        // The refusal of the protocol that most speak says more than those of the others.
        refusal ||= message
      }
    }
    return { error: refusal || 'It refused every protocol.' }
  }

  /** Returns at the first event of any kind: an answer without tokens is one too. */
  async #firstToken(call: EngineCall): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.limitMs ?? 120_000)])
    for await (const event of this.#options.engine.driver.start(call, signal)) {
      if (event.type === 'usage' || event.tokens > 0) return
    }
  }
}
