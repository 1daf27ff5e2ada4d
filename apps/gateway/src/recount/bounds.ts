/**
 * From a tokenizer's count to the most that an honest engine can have counted. Pure.
 *
 * Output: engines count the token that ends the answer, a stop sequence that they cut off, and sometimes sample a word in
 * more pieces than the tokenizer would. Within that tolerance nothing is corrected; beyond it the text's own count is what is paid, so
 * that lying by a little more than the tolerance earns nothing. Prompts: exact but for the tokens that begin and end a text; of a chat, whose
 * template the gateway does not have, what templates add at most.
 *
 * Engines know fields that this gateway does not, and some make work without text (`ignore_eos`: a payer could have a node
 * write for nothing). So only requests whose every field is known here are counted, output and prompt each by its own list.
 */

const OUT_TOLERANCE_TOKENS = 8
const OUT_TOLERANCE_SHARE = 0.05
/** Around each message and around all of them: role, separators, generation prompt, a default system prompt. */
const TEMPLATE_TOKENS_A_MESSAGE = 16
const TEMPLATE_TOKENS = 128
/** The tokens that begin and end a text. */
const SPECIAL_TOKENS = 2

/**
 * What is paid of an answer: what was claimed where that is within tolerance, else what its text is.
 * @param stop Tokens of the longest stop sequence: it may have been written and cut off.
 */
export function outMaxOf(counted: number, claimed: number, stop = 0): number {
  const tolerated = counted + stop + OUT_TOLERANCE_TOKENS + Math.ceil((counted + stop) * OUT_TOLERANCE_SHARE)
  return claimed <= tolerated ? claimed : counted
}

export interface PromptTexts {
  texts: string[]
  /** Zero: a text that no template surrounds. */
  messages: number
}

/** `templateTokensMax`: of the model's template around all messages, where its operator says it. */
export function inMaxOf(
  counted: number,
  { messages }: Pick<PromptTexts, 'messages'>,
  templateTokensMax = TEMPLATE_TOKENS,
): number {
  if (messages === 0) return counted + SPECIAL_TOKENS
  return counted + messages * TEMPLATE_TOKENS_A_MESSAGE + templateTokensMax
}

/** The stop sequences of a request whose answer, where it is text, is nothing but that; null where a field may have the engine work without text. */
export function stopTextsOf(body: unknown): string[] | null {
  if (!isRecord(body) || !saidFields(body).every((field) => PLAIN.has(field) || OF_PROMPT.has(field))) return null
  if ((body.n ?? 1) !== 1) return null
  return [body.stop].flat().filter((stop) => typeof stop === 'string')
}

/** The texts of a prompt; null where something else may be in it that becomes tokens (tools, images, token ids, schemas). */
export function promptTextsOf(path: string, body: unknown): PromptTexts | null {
  if (!isRecord(body) || !saidFields(body).every((field) => PLAIN.has(field) || OF_OUTPUT.has(field))) return null
  if (path === '/v1/completions') {
    const { prompt } = body
    return typeof prompt === 'string' ? { texts: [prompt], messages: 0 } : null
  }
  if (!Array.isArray(body.messages)) return null
  const texts: string[] = []
  for (const message of body.messages as unknown[]) {
    // Reasoning of earlier answers, calls of tools: each template writes them in its own way, or not at all.
    if (!isRecord(message) || !saidFields(message).every((field) => OF_MESSAGES.has(field))) return null
    for (const field of ['role', 'name']) {
      const value = message[field]
      if (typeof value === 'string') texts.push(value)
    }
    const parts = typeof message.content === 'string' ? [message.content] : textsOf(message.content)
    if (!parts) return null
    texts.push(...parts)
  }
  return { texts, messages: body.messages.length }
}

/** Fields that leave prompt and answer the texts that they are. */
const PLAIN: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'prompt',
  'max_tokens',
  'max_completion_tokens',
  'stream',
  'stream_options',
  'n',
  'stop',
  'seed',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'logprobs',
  'top_logprobs',
  'user',
  'metadata',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
])

/** Fields by which an answer's text is not its tokens: the end token ignored, special tokens asked for or hidden, the prompt said again. */
const OF_OUTPUT: ReadonlySet<string> = new Set([
  'ignore_eos',
  'min_tokens',
  'logit_bias',
  'skip_special_tokens',
  'spaces_between_special_tokens',
  'stop_token_ids',
  'include_stop_str_in_output',
  'allowed_token_ids',
  'bad_words',
  'best_of',
  'use_beam_search',
  'length_penalty',
  'echo',
])

/**
 * Fields that a template writes into the prompt in its own way, and that leave an answer its text. One that calls a tool has no text
 * here, so nothing of it is counted.
 */
const OF_PROMPT: ReadonlySet<string> = new Set([
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
])

const OF_MESSAGES: ReadonlySet<string> = new Set(['role', 'name', 'content'])

function textsOf(content: unknown): string[] | null {
  if (content === null || content === undefined) return []
  if (!Array.isArray(content)) return null
  const texts: string[] = []
  for (const part of content as unknown[]) {
    if (!isRecord(part) || part.type !== 'text' || typeof part.text !== 'string') return null
    texts.push(part.text)
  }
  return texts
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Also those that say `false`: what an engine does without them is its own affair. */
const saidFields = (record: Record<string, unknown>): string[] =>
  Object.keys(record).filter((field) => record[field] !== undefined && record[field] !== null)
