/**
 * The most that one request can use, from its body alone: what gateways reserve before it runs, and what a page says of a
 * batch before it is sent. Bills are bounded by the same counts.
 */

/** A chat completion or a response without a token limit is reserved, and stopped, at this many output tokens of a choice. */
export const DEFAULT_TOKENS_OUT_MAX = 4_096
/** The same of a text completion: few know their end, and OpenAI stops them at 16. */
export const DEFAULT_TEXT_TOKENS_OUT_MAX = 256
/** A limit that nobody named turns no node away which has room for this many output tokens, and no small limit of tokens a minute. */
export const UNNAMED_TOKENS_OUT_NEEDED = 256
/** Bytes of answer that are billed at most, for each token and for the frame around them. */
const BYTES_OUT_PER_TOKEN_MAX = 4_096
const BYTES_OUT_BASE = 65_536
/** What gateways refuse beyond: output tokens of a choice, and choices. */
const TOKENS_OUT_MAX = 1_000_000
const CHOICES_MAX = 8
/** A vector of 8,192 numbers in JSON. */
export const EMBEDDING_BYTES_MAX = 8_192 * 24

/** @param bytesOutMax of its content, where its tokens do not say it. */
export function bytesOutMax(request: { tokensOutMax: number; bytesOutMax?: number }): number {
  return BYTES_OUT_BASE + (request.bytesOutMax ?? request.tokensOutMax * BYTES_OUT_PER_TOKEN_MAX)
}

/** How many vectors an embeddings request asks for, or prompts a completion has. */
export function inputsOf(input: unknown): number {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1
}

/** Output tokens of a request, over all choices. */
export interface TokensOut {
  /** That are reserved, ordered and billed at most. */
  tokensOutMax: number
  /** That a node's context must have room for; absent: all of them. */
  tokensOutNeeded?: number
}

/** @param named limit of each choice; null where the request names none. */
export function tokensOutOf(
  endpoint: string,
  { named, choices, prompts = 1 }: { named: number | null; choices: number; prompts?: number },
): TokensOut {
  const isText = endpoint === '/v1/completions'
  const each = named ?? (isText ? DEFAULT_TEXT_TOKENS_OUT_MAX : DEFAULT_TOKENS_OUT_MAX)
  const tokensOutMax = each * choices * (isText ? prompts : 1)
  if (named !== null || isText) return { tokensOutMax }
  // An engine is told no limit for its only choice; of several each is told its own, and must have room for it.
  return { tokensOutMax, tokensOutNeeded: choices === 1 ? UNNAMED_TOKENS_OUT_NEEDED : each }
}

/**
 * Output tokens and bytes of answer of a body that a gateway accepts. What a gateway refuses, a limit that is no count say,
 * costs nothing; it is counted as if it were left out.
 */
export function answerMaxOf(
  endpoint: string,
  body: Readonly<Record<string, unknown>>,
): { tokensOutMax: number; bytesOutMax: number } {
  if (endpoint === '/v1/embeddings') {
    return { tokensOutMax: 1, bytesOutMax: bytesOutMax({ tokensOutMax: 1, bytesOutMax: embeddingBytes(body.input) }) }
  }
  const named = countOf(limitOf(endpoint, body), TOKENS_OUT_MAX)
  const choices = countOf(body.n, CHOICES_MAX) ?? 1
  const { tokensOutMax } = tokensOutOf(endpoint, { named, choices, prompts: inputsOf(body.prompt) })
  return { tokensOutMax, bytesOutMax: bytesOutMax({ tokensOutMax }) }
}

const embeddingBytes = (input: unknown): number => EMBEDDING_BYTES_MAX * inputsOf(input)

function limitOf(endpoint: string, body: Readonly<Record<string, unknown>>): unknown {
  if (endpoint === '/v1/completions') return body.max_tokens
  const ofResponse = endpoint === '/v1/responses' ? body.max_output_tokens : undefined
  return ofResponse ?? body.max_completion_tokens ?? body.max_tokens
}

const countOf = (value: unknown, max: number): number | null =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= max ? value : null
