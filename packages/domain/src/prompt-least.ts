/**
 * The fewest tokens that a prompt can have, by its texts alone: what is billed of it where an engine was stopped before it said how many
 * they were, or never says. Nobody is charged for tokens that no one has counted.
 */

/** Tokens that a byte of text is at least: no tokenizer in use makes fewer of any text that people send. */
export const TOKENS_PER_BYTE_MIN = 0.05

/**
 * Of the body of a chat or text completion. Token ids are counted as they are; roles, tools, images and whatever a template adds
 * count for nothing.
 */
export function promptTokensLeast(body: Readonly<Record<string, unknown>>): number {
  if (Array.isArray(body.messages)) {
    const bytes = (body.messages as unknown[]).reduce<number>((sum, message) => sum + bytesOfMessage(message), 0)
    return Math.floor(bytes * TOKENS_PER_BYTE_MIN)
  }
  const { prompt } = body
  // A list of numbers is one prompt, a list of anything else several.
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? (prompt as unknown[]) : [prompt]
  return prompts.reduce<number>((sum, each) => sum + tokensOfPrompt(each), 0)
}

function tokensOfPrompt(prompt: unknown): number {
  if (Array.isArray(prompt)) return prompt.length
  return typeof prompt === 'string' ? Math.floor(bytesOf(prompt) * TOKENS_PER_BYTE_MIN) : 0
}

function bytesOfMessage(message: unknown): number {
  const { content } = (message ?? {}) as { content?: unknown }
  if (typeof content === 'string') return bytesOf(content)
  if (!Array.isArray(content)) return 0
  return (content as unknown[]).reduce<number>((sum, part) => {
    const { text } = (part ?? {}) as { text?: unknown }
    return sum + (typeof text === 'string' ? bytesOf(text) : 0)
  }, 0)
}

const encoder = new TextEncoder()
const bytesOf = (text: string): number => encoder.encode(text).length
