/**
 * Sends one request through the official `openai` client: streaming, or queued and polled.
 *
 * The client itself repeats what was refused before its first byte. A stream that breaks later is sent again from the
 * start, a bounded number of times, as an application would.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type OpenAI from 'openai'
import type { IsochroneExtra, Outcome } from './outcome.ts'

export interface RequestToSend {
  readonly model: string
  readonly prompt: string
  readonly tokensOutMax: number
}

const sendsMax = 4
const jobPollMs = 250
const jobLimitMs = 600_000

type Answer = Pick<
  Outcome,
  'ttftMs' | 'servedMs' | 'tokensIn' | 'tokensOut' | 'priceMicroUsd' | 'requestId' | 'node' | 'simulated'
>

/** Never rejects: a request that could not be finished says why. */
export async function sendRequest(client: OpenAI, request: RequestToSend, queued: boolean): Promise<Outcome> {
  const started = performance.now()
  let error = ''
  for (let sent = 0; sent < sendsMax; sent++) {
    try {
      const answer = queued ? await sendQueued(client, request) : await sendStreaming(client, request)
      return { ...answer, finished: true, error: null, durationMs: performance.now() - started, resent: sent }
    } catch (caught) {
      error = caught instanceof Error ? caught.message : String(caught)
      if (isHopeless(caught)) break
      await sleep(500 * 2 ** sent)
    }
  }
  return {
    finished: false,
    error,
    ttftMs: null,
    servedMs: 0,
    durationMs: performance.now() - started,
    tokensIn: 0,
    tokensOut: 0,
    priceMicroUsd: 0n,
    requestId: null,
    node: null,
    simulated: false,
    resent: sendsMax - 1,
  }
}

async function sendStreaming(client: OpenAI, { model, prompt, tokensOutMax }: RequestToSend): Promise<Answer> {
  const started = performance.now()
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: prompt }],
    max_tokens: tokensOutMax,
    stream: true,
    stream_options: { include_usage: true },
  })
  let ttftMs: number | null = null
  let usage: OpenAI.CompletionUsage | null | undefined
  let extra: IsochroneExtra | undefined
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) ttftMs ??= performance.now() - started
    usage = chunk.usage ?? usage
    extra = (chunk as { isochrone?: IsochroneExtra }).isochrone ?? extra
  }
  // A stream that merely stops looks like success to the client: without its usage chunk it was cut off.
  if (!usage) throw new Error('the stream ended before its usage')
  return { ttftMs, servedMs: performance.now() - started, ...answerOf(usage, extra) }
}

interface Job {
  readonly id: string
  readonly status: string
  readonly response?: { usage: OpenAI.CompletionUsage; isochrone?: IsochroneExtra } | null
  readonly error?: { error?: { message?: string }; message?: string } | null
}

async function sendQueued(client: OpenAI, { model, prompt, tokensOutMax }: RequestToSend): Promise<Answer> {
  const body = { model, messages: [{ role: 'user', content: prompt }], max_tokens: tokensOutMax }
  const headers = { 'x-isochrone-queue': '1' }
  const { id } = await client.post<Job>('/chat/completions', { body, headers })
  const deadline = Date.now() + jobLimitMs
  while (Date.now() < deadline) {
    const job = await client.get<Job>(`/jobs/${id}`)
    if (job.status === 'succeeded' && job.response) {
      const { usage, isochrone: extra } = job.response
      return { ttftMs: extra?.ttftMs ?? null, servedMs: extra?.durationMs ?? 0, ...answerOf(usage, extra) }
    }
    if (job.status === 'failed' || job.status === 'cancelled') {
      throw new Error(job.error?.error?.message ?? job.error?.message ?? `job ${id} ${job.status}`)
    }
    await sleep(jobPollMs)
  }
  throw new Error(`job ${id} was not done within ${jobLimitMs / 1_000} s`)
}

function answerOf(
  usage: OpenAI.CompletionUsage,
  extra: IsochroneExtra | undefined,
): Omit<Answer, 'ttftMs' | 'servedMs'> {
  return {
    tokensIn: usage.prompt_tokens,
    tokensOut: usage.completion_tokens,
    priceMicroUsd: BigInt(extra?.priceMicroUsd ?? 0),
    requestId: extra?.requestId ?? null,
    node: extra?.nodeName ?? extra?.node ?? null,
    simulated: extra?.simulated === true,
  }
}

/** Refusals that sending again cannot change. */
function isHopeless(error: unknown): boolean {
  const { status, code } = error as { status?: number; code?: string }
  if (code === 'insufficient_quota') return true
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429
}
