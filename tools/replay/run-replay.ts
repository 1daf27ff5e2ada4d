/** Sends the requests of a trace at their times (made faster by `speed`), a bounded number at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { prng } from '@isochrone/domain'
import type { TraceRequest } from '@isochrone/simulator'
import OpenAI from 'openai'
import type { Outcome } from './outcome.ts'
import { sendRequest } from './send-request.ts'
import { synthesisePrompt } from './synthesise-prompt.ts'

export interface ReplayOptions {
  readonly gatewayUrl: string
  readonly apiKey: string
  readonly model: string
  readonly speed: number
  readonly queued: boolean
  readonly concurrencyMax: number
  readonly promptTokensMax: number
  readonly tokensOutMax: number
  readonly note: (line: string) => void
}

export interface ReplayResult {
  /** In order of the trace. */
  readonly outcomes: readonly Outcome[]
  /** From the first request to the last answer. */
  readonly durationS: number
}

/** Resolves when every request has finished or failed; a failed one is an outcome, not an error. */
export async function runReplay(trace: readonly TraceRequest[], options: ReplayOptions): Promise<ReplayResult> {
  const { gatewayUrl, apiKey, model, speed, queued, concurrencyMax, promptTokensMax, tokensOutMax, note } = options
  const client = new OpenAI({ apiKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 8, timeout: 180_000 })
  const capped = trace.filter(({ tokensIn, tokensOut }) => tokensIn > promptTokensMax || tokensOut > tokensOutMax)
  if (capped.length > 0) {
    note(
      `${capped.length} of ${trace.length} requests are longer than ${promptTokensMax} tokens in or ${tokensOutMax} out, and were shortened to that.`,
    )
  }

  const outcomes: Outcome[] = []
  const inFlight = new Set<Promise<void>>()
  const started = performance.now()
  const progress = setInterval(() => {
    const done = outcomes.filter(Boolean).length
    note(
      `${done} of ${trace.length} done, ${inFlight.size} in flight, ${Math.round((performance.now() - started) / 1_000)} s`,
    )
  }, 10_000)
  try {
    for (const [index, request] of trace.entries()) {
      const waitMs = started + request.atMs / speed - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      while (inFlight.size >= concurrencyMax) await Promise.race(inFlight)
      const toSend = {
        model,
        prompt: synthesisePrompt(Math.min(request.tokensIn, promptTokensMax), prng(index)),
        tokensOutMax: Math.max(1, Math.min(request.tokensOut, tokensOutMax)),
      }
      const sent = sendRequest(client, toSend, queued).then((outcome) => {
        outcomes[index] = outcome
        if (outcome.error) note(`request ${index + 1} was lost: ${outcome.error}`)
      })
      inFlight.add(sent)
      void sent.finally(() => inFlight.delete(sent))
    }
    await Promise.all(inFlight)
  } finally {
    clearInterval(progress)
  }
  return { outcomes, durationS: (performance.now() - started) / 1_000 }
}
