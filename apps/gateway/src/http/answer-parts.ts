/** The parts of an answer that the gateway itself writes: ids, usage, headers that name the node and the decision. */
import { answerIdOf } from '@isochrone/protocol'
import type { FastifyReply } from 'fastify'
import type { RequestContext } from '../requests/request-context.ts'
import type { Target } from '../requests/target.ts'
import type { Served } from '../requests/serving.ts'

/** Larger headers are refused by common clients and proxies. */
const PLACEMENT_HEADER_BYTES_MAX = 4_096
/** Of scores, their terms and all prices in a placement: 10⁻⁶ dollars. */
const PLACEMENT_UNIT = 'microUsd'

/** Usage in OpenAI's words, as billed, where `prompt_tokens` counts cached ones too. */
export function usageOf({ completed }: Served) {
  const promptTokens = completed.tokensIn + completed.tokensCached
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completed.tokensOut,
    total_tokens: promptTokens + completed.tokensOut,
    prompt_tokens_details: { cached_tokens: completed.tokensCached },
  }
}

/**
 * What we add: who served it, and the exact price. Money is decimal text in µUSD; the scores of an explained placement are
 * numbers in µUSD, as its `unit` says.
 */
export function isochroneOf(ctx: RequestContext, served: Served, explain: boolean) {
  return {
    requestId: ctx.requestId,
    node: served.target.node.id,
    nodeName: served.target.node.name,
    provider: served.target.node.providerName,
    region: served.target.node.region,
    simulated: served.target.node.simulated,
    // 256 where the request named no limit: an answer that ends there says why.
    tokensOutMax: ctx.request.tokensOutMax,
    priceMicroUsd: served.completed.priceMicroUsd.toString(),
    ttftMs: served.ttftMs,
    durationMs: served.durationMs,
    ...(served.continuations.length > 0 && {
      continuations: served.continuations.map(({ from, to, afterTokens }) => ({
        from: from.node.id,
        to: to.node.id,
        afterTokens,
      })),
    }),
    ...(explain && { placement: { unit: PLACEMENT_UNIT, ...recordOf(served.placement) } }),
  }
}

/** The chunk without choices that ends a stream whose caller asked for usage, or for the placement. */
export function usageChunkOf(ctx: RequestContext, served: Served, explain: boolean) {
  const chat = ctx.request.path === '/v1/chat/completions'
  return {
    id: answerIdOf(ctx.request.path, ctx.requestIdHash),
    object: chat ? 'chat.completion.chunk' : 'text_completion',
    created: Math.floor(ctx.receivedAtMs / 1_000),
    model: ctx.request.model,
    choices: [],
    usage: usageOf(served),
    isochrone: isochroneOf(ctx, served, explain),
  }
}

/** Of a whole answer, whose bill is known when its head leaves. A stream says it in its closing chunk. */
export const billHeaders = ({ completed }: Served): Record<string, string> => ({
  'x-isochrone-cost-micro-usd': completed.priceMicroUsd.toString(),
})

/** Headers of an answer. `explain` adds the decision: who was chosen, the scores, who was rejected and why. */
export function answerHeaders(
  requestId: string,
  target: Target,
  placement: unknown,
  explain: boolean,
): Record<string, string> {
  return {
    'x-request-id': requestId,
    'x-isochrone-node': target.node.id,
    'x-isochrone-region': target.node.region,
    ...(explain && { 'x-isochrone-placement': placementHeader(placement) }),
  }
}

/** JSON in ASCII; without the rejected and then without all but the best rows where it would be too long. */
function placementHeader(placement: unknown): string {
  const { engineVersion, prngState, choice, alternates, candidates, rejected, poolSize, explored, sent } =
    recordOf(placement)
  const unit = PLACEMENT_UNIT
  const whole = { unit, engineVersion, prngState, choice, alternates, poolSize, explored, sent, candidates, rejected }
  const best = Array.isArray(candidates) ? candidates.slice(0, 3) : []
  const fits = [whole, { ...whole, rejected: undefined }, { ...whole, rejected: undefined, candidates: best }].find(
    (form) => JSON.stringify(form).length <= PLACEMENT_HEADER_BYTES_MAX,
  )
  const text = JSON.stringify(fits ?? { unit, engineVersion, choice })
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function recordOf(placement: unknown): Record<string, unknown> {
  return typeof placement === 'object' && placement !== null ? (placement as Record<string, unknown>) : {}
}

/** What was set on the reply before, for what is kept of an answer. */
export function textHeadersOf(reply: FastifyReply): Record<string, string> {
  const set = Object.entries(reply.getHeaders())
  return Object.fromEntries(set.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}
