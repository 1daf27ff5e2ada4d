/** What placement must know of a queued request, read from its OpenAI body and its organisation's routing policy. */
import { inputsOf, requestNeeds, tokensOutOf, type TokensOut } from '@isochrone/domain'
import {
  mergeRouting,
  needsMask,
  parseRoutingPolicy,
  policyWithFeatures,
  promptTokensLikely,
  promptTokensMax,
  promptTokensMin,
  type PlacementRequest,
  type RoutingPolicy,
  type RoutingWish,
} from '@isochrone/scheduler'
import { z } from 'zod'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { failedNodesOf } from './placement-memory.ts'

/** Queued work waits by choice: only stalls far beyond this count, where it has not said otherwise. */
const SLO_MS = { ttft: 10_000, tpot: 250 }

/** A renter who queues has said that time matters less: a second is worth this share of what it is worth interactively. */
const QUEUED_VALUE_SHARE = 0.1

const body = z.object({
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).nullish(),
  prompt: z.unknown().optional(),
  routing: z.unknown().optional(),
})
type Asked = Partial<z.infer<typeof body>>

/**
 * `organisationRouting` is the organisation's default policy as stored; `nodeIdOf` turns the id that people see into the
 * one that placement knows. Throws `invalid_input` where the policies cannot be read or contradict each other.
 */
export function placementRequestOf(
  job: QueuedJobRow,
  organisationRouting: unknown,
  nodeIdOf: (id: string) => string | undefined,
): PlacementRequest {
  const asked: Asked = body.safeParse(job.body).data ?? {}
  const bytes = Buffer.from(JSON.stringify({ ...(job.body as object), routing: undefined }))
  const bytesIn = bytes.length
  const wish = parseRoutingPolicy(asked.routing).policy
  const policy = mergeRouting({
    organisation: parseRoutingPolicy(organisationRouting, 'organisation.routing').policy,
    request: wish,
  })
  const out = outOf(job.path, asked)
  return {
    requestId: job.requestId,
    modelHash: null,
    tokensIn: promptTokensLikely(bytesIn),
    tokensInMax: promptTokensMax(bytesIn),
    tokensInMin: promptTokensMin(bytes),
    ...out,
    tokensOutExpected: out.tokensOutNeeded ?? out.tokensOutMax,
    bytesIn,
    prefixHashes: [],
    prefixBlockTokens: 1,
    policy: policyWithFeatures(
      { ...patient(policy, wish), exclude: policy.exclude.map((id) => nodeIdOf(id) ?? id) },
      needsMask(needsOf(job.path, job.body as Record<string, unknown>)),
    ),
    excludeNodeIds: failedNodesOf(job.placement),
  }
}

/** As at the gateway. */
function outOf(path: string, { max_tokens, max_completion_tokens, max_output_tokens, n, prompt }: Asked): TokensOut {
  if (path === '/v1/embeddings') return { tokensOutMax: 1 }
  const named = max_output_tokens ?? max_completion_tokens ?? max_tokens ?? null
  return tokensOutOf(path, { named, choices: n ?? 1, prompts: Math.max(1, inputsOf(prompt)) })
}

/** Of a response, those of the chat completion that the gateway makes of it. */
function needsOf(path: string, asked: Record<string, unknown>): ReturnType<typeof requestNeeds> {
  if (path !== '/v1/responses') return requestNeeds(path, asked)
  const { text, reasoning, include, tools, top_logprobs } = asked as {
    text?: { format?: unknown }
    reasoning?: { effort?: unknown }
    include?: unknown
    tools?: unknown
    top_logprobs?: unknown
  }
  const has = (part: string) => JSON.stringify(asked.input ?? null).includes(`"type":"${part}"`)
  const parts = [has('input_image') && 'image_url', has('input_file') && 'file', has('input_audio') && 'input_audio']
  return requestNeeds('/v1/chat/completions', {
    tools,
    top_logprobs,
    response_format: text?.format,
    reasoning_effort: reasoning?.effort,
    logprobs: Array.isArray(include) && include.includes('message.output_text.logprobs'),
    messages: [{ role: 'user', content: parts.map((type) => ({ type })) }],
  })
}

/** Time matters less to who queues; what the request itself says of time still holds. */
function patient(policy: RoutingPolicy, wish: RoutingWish): RoutingPolicy {
  const share = wish.sort === undefined && wish.valueOfSecondMicroUsd === undefined ? QUEUED_VALUE_SHARE : 1
  return {
    ...policy,
    valueOfSecondMicroUsd: policy.valueOfSecondMicroUsd * share,
    valueOfGenerationSecondMicroUsd: policy.valueOfGenerationSecondMicroUsd * share,
    ttftSloMs: wish.ttftSloMs ?? Math.max(SLO_MS.ttft, policy.ttftSloMs),
    tpotSloMs: wish.tpotSloMs ?? Math.max(SLO_MS.tpot, policy.tpotSloMs),
  }
}
