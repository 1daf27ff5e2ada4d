/** Queues many small completions and returns their ids; what is refused for a moment is asked again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceInfo } from '../start/instance-file.ts'

export interface SubmitOptions {
  model: string
  count: number
  /** Under way at once. */
  concurrency: number
  /** Jobs a second at most; null: as fast as it goes. */
  perSecond?: number
  tokensOutMax?: number
}

const TRIES_MAX = 60

/** @throws Error where a job is refused for good. */
export async function submitJobs(instance: InstanceInfo, options: SubmitOptions): Promise<string[]> {
  const { model, count, concurrency, perSecond, tokensOutMax = 4 } = options
  const ids: string[] = []
  const startedMs = performance.now()
  let next = 0
  const one = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      if (perSecond !== undefined) {
        const dueMs = startedMs + (index * 1_000) / perSecond - performance.now()
        if (dueMs > 0) await sleep(dueMs)
      }
      const prompt = `Job ${index}: say a word.`
      ids.push(
        await submit(instance, { model, max_tokens: tokensOutMax, messages: [{ role: 'user', content: prompt }] }),
      )
    }
  }
  await Promise.all(Array.from({ length: concurrency }, one))
  return ids
}

async function submit({ gatewayUrl, apiKey }: InstanceInfo, body: object): Promise<string> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const answer = await fetch(`${gatewayUrl}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-isochrone-queue': '1' },
      body: JSON.stringify(body),
      // A gateway that was killed answers nothing: what it accepted without saying so is one more job, and none of ours.
    }).catch(() => null)
    if (answer === null) {
      await sleep(500)
      continue
    }
    const { id, error } = (await answer.json().catch(() => ({}))) as { id?: string; error?: { message: string } }
    if (answer.status === 202 && id !== undefined) return id
    if (answer.status !== 429 && answer.status < 500) throw new Error(`refused: ${error?.message ?? answer.status}`)
    await sleep(500)
  }
  throw new Error('no job was accepted in time')
}
