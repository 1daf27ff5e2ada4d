/**
 * From a tokenizer's count to the most that an honest engine can have counted. Pure.
 *
 * Output: engines count the token that ends the answer, a stop sequence that they cut off, and sometimes sample a word in
 * more pieces than the tokenizer would. Within that tolerance nothing is corrected; beyond it the text's own count is what is paid, so
 * that lying by a little more than the tolerance earns nothing. Prompts: exact but for the tokens that begin and end a text; of a chat, whose
 * template the gateway does not have, what templates add at most.
 */

const OUT_TOLERANCE_TOKENS = 8
const OUT_TOLERANCE_SHARE = 0.05
/** Around each message and around all of them: role, separators, generation prompt, a default system prompt. */
const TEMPLATE_TOKENS_A_MESSAGE = 16
const TEMPLATE_TOKENS = 128
/** The tokens that begin and end a text. */
const SPECIAL_TOKENS = 2

/** What is paid of an answer: what was claimed where that is within tolerance, else what its text is. */
export function outMaxOf(counted: number, claimed: number): number {
  const tolerated = counted + OUT_TOLERANCE_TOKENS + Math.ceil(counted * OUT_TOLERANCE_SHARE)
  return claimed <= tolerated ? claimed : counted
}

export interface PromptTexts {
  texts: string[]
  /** Zero: a text that no template surrounds. */
  messages: number
}

export function inMaxOf(counted: number, { messages }: Pick<PromptTexts, 'messages'>): number {
  if (messages === 0) return counted + SPECIAL_TOKENS
  return counted + messages * TEMPLATE_TOKENS_A_MESSAGE + TEMPLATE_TOKENS
}

/** The texts of a prompt; null where something else is in it that becomes tokens (tools, images, token ids, schemas). */
export function promptTextsOf(path: string, body: unknown): PromptTexts | null {
  if (!isRecord(body) || UNCOUNTABLE.some((field) => isSaid(body[field]))) return null
  if (path === '/v1/completions') {
    const { prompt } = body
    return typeof prompt === 'string' ? { texts: [prompt], messages: 0 } : null
  }
  if (!Array.isArray(body.messages)) return null
  const texts: string[] = []
  for (const message of body.messages as unknown[]) {
    if (!isRecord(message) || isSaid(message.tool_calls) || isSaid(message.function_call)) return null
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

/** Engines write these into the prompt, each in its own way. */
const UNCOUNTABLE = [
  'tools',
  'functions',
  'response_format',
  'suffix',
  'documents',
  'chat_template',
  'chat_template_kwargs',
  'structured_outputs',
  'guided_json',
  'prompt_embeds',
] as const

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
const isSaid = (value: unknown): boolean => value !== undefined && value !== null && value !== false
