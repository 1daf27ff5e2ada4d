/**
 * Reads an OpenAI request body for the built-in engines; each refusal names the field.
 *
 * Fields that only tune quality and that we do not have (presence penalties, logit bias) are accepted and ignored, as
 * servers of this kind do; fields that would change the shape of the answer (n > 1, tools, images) are refused.
 */
import { z } from 'zod'
import { EngineRequestError, type ChatMessage, type GenerationRequest } from './engine-backend.ts'

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const content = z.union([z.string(), z.array(textPart).transform((parts) => parts.map((part) => part.text).join(''))])
const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: content.nullish().transform((text) => text ?? ''),
})

const commonBody = z.object({
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), continuous_usage_stats: z.boolean().nullish() })
    .nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  // Of 64 bits, more than a double tells apart: those that are the same to it give the same sample.
  seed: z.number().refine(Number.isInteger, { error: 'expected an integer' }).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.literal(1, { error: 'only one choice is supported' }).nullish(),
  /** vLLM's word for it: the answer goes on where the last message, or the prompt, ends. */
  continue_final_message: z.boolean().nullish(),
})
const chatBody = commonBody.extend({
  messages: z.array(message).min(1),
  max_completion_tokens: z.number().int().min(1).nullish(),
  tools: z.array(z.unknown()).max(0, { error: 'this engine has no tools' }).nullish(),
})
const completionBody = commonBody.extend({
  prompt: z.union([z.string(), z.tuple([z.string()]).transform(([prompt]) => prompt)]),
})

export type ParsedRequest = {
  readonly generation: GenerationRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  /** vLLM's extension: usage so far in every chunk, which lets a reader know tokens per chunk exactly. */
  readonly continuousUsage: boolean
}

/**
 * The request in a body of `/v1/chat/completions` or `/v1/completions`.
 * @throws {EngineRequestError} 400 naming the first wrong field.
 */
export function parseGenerationRequest(kind: 'chat' | 'completion', body: unknown): ParsedRequest {
  if (kind === 'chat') {
    const parsed = read(chatBody, body)
    const messages = parsed.messages.map(({ role, content: text }): ChatMessage => ({
      role: role === 'developer' ? 'system' : role,
      content: text,
    }))
    return finish(parsed, { kind, messages }, parsed.max_completion_tokens ?? parsed.max_tokens ?? undefined)
  }
  const parsed = read(completionBody, body)
  return finish(parsed, { kind, prompt: parsed.prompt }, parsed.max_tokens ?? undefined)
}

function finish(
  parsed: z.output<typeof commonBody>,
  input: GenerationRequest['input'],
  tokensOutMax: number | undefined,
): ParsedRequest {
  const stop = typeof parsed.stop === 'string' ? [parsed.stop] : (parsed.stop ?? [])
  return {
    generation: {
      model: parsed.model,
      input,
      tokensOutMax,
      temperature: parsed.temperature ?? 1,
      topP: parsed.top_p ?? 1,
      seed: parsed.seed ?? undefined,
      stop,
      continues: parsed.continue_final_message ?? false,
    },
    stream: parsed.stream ?? false,
    includeUsage: parsed.stream_options?.include_usage ?? false,
    continuousUsage: parsed.stream_options?.continuous_usage_stats ?? false,
  }
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  const detail = issue?.message ?? 'is not a request'
  throw new EngineRequestError(400, 'invalid_request', field ? `${field}: ${detail}` : detail, field || null)
}
