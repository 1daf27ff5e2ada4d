/**
 * Reads a streamed answer in the browser: text as it comes, then what the closing chunk says of node, price and time.
 *
 * The time to the first token is that of this browser, from the click on. A stream that ends without `[DONE]` is an
 * error: it would look like an answer that is complete.
 */

export interface AnswerFacts {
  requestId: string
  node: string
  nodeName: string
  provider: string
  region: string
  simulated: boolean
  priceMicroUsd: string
  /** Of the attempt that served, at the gateway. */
  ttftMs: number
  durationMs: number
  continuations: { from: string; to: string; afterTokens: number }[]
  placement: unknown
  tokensIn: number
  tokensCached: number
  tokensOut: number
}

export interface AnswerEvents {
  onText(text: string): void
  onFirstToken(ms: number): void
  onFacts(facts: AnswerFacts): void
}

export class AnswerError extends Error {
  readonly code: string
  readonly owner: string
  readonly requestId: string | null
  readonly suggestions: string[]

  constructor(body: unknown, requestId: string | null) {
    const error: Record<string, unknown> = isObject(body) && isObject(body.error) ? body.error : {}
    super(textOf(error.message) || 'The answer could not be read.')
    this.code = textOf(error.code) || 'unknown'
    this.owner = textOf(error.owner) || 'platform'
    this.requestId = textOf(error.request_id) || requestId
    const { suggestions } = error
    this.suggestions = Array.isArray(suggestions)
      ? suggestions.flatMap((one) => (isObject(one) && textOf(one.sentence) ? [textOf(one.sentence)] : []))
      : []
  }
}

/** @throws AnswerError for a refusal, an error frame and a stream that breaks off. */
export async function readAnswer(response: Response, startedAtMs: number, events: AnswerEvents): Promise<void> {
  const requestId = response.headers.get('x-request-id')
  if (!response.ok) throw new AnswerError(await response.json().catch(() => null), requestId)
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let first = true
  let done = false
  for (;;) {
    const piece = await reader.read()
    if (piece.done) break
    const lines = (rest + decoder.decode(piece.value, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue
      const data = line.slice(6).trim()
      if (data === '[DONE]') done = true
      else take(data)
    }
  }
  if (!done) throw new AnswerError({ error: { message: 'The answer broke off before its end.' } }, requestId)

  function take(data: string) {
    const chunk = JSON.parse(data) as Record<string, unknown>
    if (chunk.error) throw new AnswerError(chunk, requestId)
    const text = textIn(chunk)
    if (text !== '' && first) {
      first = false
      events.onFirstToken(performance.now() - startedAtMs)
    }
    if (text !== '') events.onText(text)
    const facts = factsIn(chunk)
    if (facts) events.onFacts(facts)
  }
}

function textIn({ choices }: Record<string, unknown>): string {
  const [choice] = Array.isArray(choices) ? (choices as unknown[]) : []
  const delta = isObject(choice) && isObject(choice.delta) ? choice.delta : {}
  return textOf(delta.content)
}

function factsIn({ isochrone, usage }: Record<string, unknown>): AnswerFacts | null {
  if (!isObject(isochrone)) return null
  const counted = isObject(usage) ? usage : {}
  const details = isObject(counted.prompt_tokens_details) ? counted.prompt_tokens_details : {}
  const tokensCached = numberIn(details.cached_tokens)
  const continuations = Array.isArray(isochrone.continuations) ? isochrone.continuations : []
  return {
    requestId: textOf(isochrone.requestId),
    node: textOf(isochrone.node),
    nodeName: textOf(isochrone.nodeName),
    provider: textOf(isochrone.provider),
    region: textOf(isochrone.region),
    simulated: isochrone.simulated === true,
    priceMicroUsd: textOf(isochrone.priceMicroUsd) || '0',
    ttftMs: numberIn(isochrone.ttftMs),
    durationMs: numberIn(isochrone.durationMs),
    continuations: continuations.filter(isObject).map(({ from, to, afterTokens }) => ({
      from: textOf(from),
      to: textOf(to),
      afterTokens: numberIn(afterTokens),
    })),
    placement: isochrone.placement ?? null,
    tokensIn: numberIn(counted.prompt_tokens) - tokensCached,
    tokensCached,
    tokensOut: numberIn(counted.completion_tokens),
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const numberIn = (value: unknown): number => (typeof value === 'number' ? value : 0)
