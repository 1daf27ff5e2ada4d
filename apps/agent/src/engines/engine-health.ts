/**
 * Watches an engine that lives outside of the agent: is anybody there to take a request?
 *
 * An engine that refuses connections, or whose front answers 5xx for it, is down until a probe is answered again. One
 * that is merely slow stays as it was, because a busy engine must not be drained. Probes are cheap (GET /v1/models), one
 * at a time, and back off while it is down.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@isochrone/runtime'
import { EngineFailure, type EngineDriver } from './engine-driver.ts'
import { tlsFaultOf } from './tls-fault.ts'

export type EngineHealthOptions = {
  readonly driver: Pick<EngineDriver, 'models'>
  readonly logger: Logger
  /** Between two probes of an engine that is up, in ms. */
  readonly probeMs?: number
  /** Longest wait between two probes of one that is down, in ms. */
  readonly backoffMsMax?: number
}

const BACKOFF_MS_MIN = 250
const REFUSES = 'The engine refuses connections.'

export class EngineHealth {
  readonly #options: EngineHealthOptions
  readonly #stop = new AbortController()
  readonly #listeners = new Set<() => void>()
  #wake = new AbortController()
  #fault: string | null = null
  #loop: Promise<void> | undefined

  constructor(options: EngineHealthOptions) {
    this.#options = options
  }

  get up(): boolean {
    return this.#fault === null
  }

  /** What is wrong with it, for its owner; null while it is up. */
  get fault(): string | null {
    return this.#fault
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Tells of each change; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A request could not reach the engine: it is probed now rather than at its next turn. */
  suspect(failure: EngineFailure): void {
    if (this.up && refusesService(failure)) this.#wake.abort()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { probeMs = 2_000, backoffMsMax = 5_000 } = this.#options
    let failures = 0
    while (!this.#stop.signal.aborted) {
      const waitMs = this.up ? probeMs : Math.min(backoffMsMax, BACKOFF_MS_MIN * 2 ** Math.min(failures, 10))
      this.#wake = new AbortController()
      const signal = AbortSignal.any([this.#stop.signal, this.#wake.signal])
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {})
      if (this.#stop.signal.aborted) return
      const answer = await this.#probe()
      const fault = answer instanceof EngineFailure ? (tlsFaultOf(answer.cause) ?? REFUSES) : null
      failures = fault === null ? 0 : failures + 1
      if (answer !== 'slow') this.#set(fault)
    }
  }

  /** How it failed, where it is down. */
  async #probe(): Promise<'up' | 'slow' | EngineFailure> {
    const probe = this.#options.driver.models().then(
      () => 'up' as const,
      (error: unknown) => {
        if (!(error instanceof EngineFailure)) return 'up' as const
        if (error.reason === 'timeout') return 'slow' as const
        return refusesService(error) ? error : ('up' as const)
      },
    )
    // A stop does not wait for an engine that hangs.
    const waiting = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, waiting.signal])
    const stopped = new Promise<'slow'>((resolve) => signal.addEventListener('abort', () => resolve('slow')))
    return Promise.race([probe, stopped]).finally(() => waiting.abort())
  }

  #set(fault: string | null): void {
    if (fault === this.#fault) return
    this.#fault = fault
    if (fault === null) this.#options.logger.info('the engine answers again; taking requests')
    else this.#options.logger.warn({ fault }, 'the engine cannot be reached; taking no requests until it answers')
    for (const listener of this.#listeners) listener()
  }
}

/** No connection, or a 5xx: as opposed to an engine that answers, whatever it says. */
function refusesService(failure: EngineFailure): boolean {
  return failure.reason === 'unavailable' || (failure.httpStatus ?? 0) >= 500
}
