/** What of a request stays in clear, and what it needs: the rest is sealed as it is. */
import { requestNeeds } from '@isochrone/domain'
import { newSealedId, sealRequest, type SealedPath, type SealedRequest } from '@isochrone/protocol/sealed'
import type { CandidateList } from './candidates.ts'
import { SealedError } from './sealed-error.ts'

export interface ClearBody {
  path: SealedPath
  json: Record<string, unknown>
  text: string
  model: string
  stream: boolean
  includeUsage: boolean
  /** Over all choices. */
  tokensOutMax: number
  features: string[]
}

/** As the gateway's for requests without a limit. */
const TOKENS_OUT_DEFAULT = 256

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
  const each = numberOr(rest.max_completion_tokens, numberOr(rest.max_tokens, TOKENS_OUT_DEFAULT))
  const prompts =
    path === '/v1/completions' && Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1
  return {
    path,
    json,
    text,
    model,
    stream: stream === true,
    includeUsage: (options as { include_usage?: unknown } | undefined)?.include_usage === true,
    tokensOutMax: each * numberOr(n, 1) * Math.max(1, prompts),
    features: requestNeeds(path, json).map(({ feature }) => feature),
  }
}

/** The body to send, and the opener of its answer. */
export async function sealBody(
  clear: ClearBody,
  { model, candidates, nowMs }: CandidateList,
): Promise<{ body: string; answer: SealedRequest['answer'] }> {
  const { path, json, stream, tokensOutMax } = clear
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
    max_tokens: tokensOutMax,
    ...(routing && { routing }),
    sealed: envelope,
  })
  return { body, answer }
}

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 ? value : otherwise
