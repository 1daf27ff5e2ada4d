/** What of a request stays in clear, and what it needs: the rest is sealed as it is. */
import { inputsOf, requestNeeds, tokensOutOf, UNNAMED_TOKENS_OUT_NEEDED, type TokensOut } from '@isochrone/domain'
import { newSealedId, sealRequest, type SealedPath, type SealedRequest } from '@isochrone/protocol/sealed'
import type { CandidateList } from './candidates.ts'
import { SealedError } from './sealed-error.ts'

export interface ClearBody extends TokensOut {
  path: SealedPath
  json: Record<string, unknown>
  text: string
  model: string
  stream: boolean
  includeUsage: boolean
  /** `max_tokens` where it goes in clear, over all choices; absent where the request names none. */
  limit: { max_tokens?: number }
  features: string[]
}

/** Throws `sealed_unsupported` for what is no request that can be sealed. */
export function readBody(path: SealedPath, text: string): ClearBody {
  let json: Record<string, unknown>
  try {
    json = JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new SealedError('sealed_unsupported', 'Only a JSON body can be sealed.', { cause })
  }
  const { model, stream, stream_options: options, n, prompt, routing: _routing, ...rest } = json
  if (typeof model !== 'string') throw new SealedError('sealed_unsupported', "A sealed request must name its 'model'.")
  const named = countOr(rest.max_completion_tokens, countOr(rest.max_tokens, null))
  const out = tokensOutOf(path, { named, choices: countOr(n, 1), prompts: Math.max(1, inputsOf(prompt)) })
  return {
    path,
    json,
    text,
    model,
    stream: stream === true,
    includeUsage: (options as { include_usage?: unknown } | undefined)?.include_usage === true,
    ...out,
    limit: isUnnamed(out) ? {} : { max_tokens: out.tokensOutMax },
    features: requestNeeds(path, json).map(({ feature }) => feature),
  }
}

/** The body to send, and the opener of its answer. */
export async function sealBody(
  clear: ClearBody,
  { model, candidates, nowMs }: CandidateList,
): Promise<{ body: string; answer: SealedRequest['answer'] }> {
  const { path, json, stream, tokensOutMax, limit } = clear
  const routing = (json.routing ?? null) as Record<string, unknown> | null
  // The node knows the model by its own name; where the request goes is the gateway's to know, and bound by the header.
  const { routing: _routing, ...inner } = json
  const { envelope, answer } = await sealRequest(
    {
      v: 1,
      id: newSealedId(),
      at: nowMs(),
      path,
      model,
      max_tokens: tokensOutMax,
      stream,
      routing,
      keys: candidates.map(({ publicKey }) => publicKey),
    },
    JSON.stringify({ ...inner, model }),
  )
  const body = JSON.stringify({
    model: clear.model,
    stream,
    // What it came to is shown to the caller only where it asked.
    ...(stream && { stream_options: { include_usage: true } }),
    ...limit,
    ...(routing && { routing }),
    sealed: envelope,
  })
  return { body, answer }
}

/** Of several choices each is told its limit: then there is one. */
const isUnnamed = ({ tokensOutNeeded }: TokensOut): boolean => tokensOutNeeded === UNNAMED_TOKENS_OUT_NEEDED

const countOr = <Otherwise>(value: unknown, otherwise: Otherwise): number | Otherwise =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 ? value : otherwise
