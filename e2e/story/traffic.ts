/**
 * The team's steady use of the API while everything else happens: a few requests a second through the official client, so that
 * promises have something to be judged by. Bounded in rate and in what is under way; what failed is counted, never hidden.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'

export interface Traffic {
  readonly answered: number
  readonly failed: number
  /** The last few errors, for a person. */
  readonly errors: readonly string[]
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

const PAUSE_MS = 700
const UNDER_WAY_MAX = 6
const ERRORS_KEPT = 5

export function startTraffic(options: { baseURL: string; apiKey: string; model: string }): Traffic {
  const { model, ...client } = options
  const openai = new OpenAI({ ...client, maxRetries: 0, timeout: 30_000 })
  const underWay = new Set<Promise<void>>()
  const errors: string[] = []
  let answered = 0
  let failed = 0
  let stopped = false

  async function ask(): Promise<void> {
    try {
      const messages = [{ role: 'user' as const, content: 'Say a few words.' }]
      await openai.chat.completions.create({ model, messages, max_tokens: 4 })
      answered += 1
    } catch (error) {
      failed += 1
      errors.push(error instanceof Error ? error.message : String(error))
      if (errors.length > ERRORS_KEPT) errors.shift()
    }
  }

  const loop = (async () => {
    while (!stopped) {
      if (underWay.size < UNDER_WAY_MAX) {
        const one = ask().finally(() => underWay.delete(one))
        underWay.add(one)
      }
      await sleep(PAUSE_MS)
    }
    await Promise.allSettled(underWay)
  })()

  return {
    get answered() {
      return answered
    },
    get failed() {
      return failed
    },
    errors,
    stop() {
      stopped = true
      return loop
    },
  }
}
