/**
 * One chunk of an engine's stream: its form is checked before anything in it counts.
 *
 * What engines send in every chunk is checked by hand, because a schema costs more than the rest of a chunk's way; whatever
 * else comes goes to the schema, which is what decides.
 */
import { z } from 'zod'
import { EngineFailure } from './engine-driver.ts'

const count = z.number().int().nonnegative()
const usageBody = z.object({
  prompt_tokens: count,
  completion_tokens: count.optional().default(0),
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
})
const chunkBody = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        finish_reason: z.string().nullish(),
        delta: z
          .looseObject({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            refusal: z.string().nullish(),
            tool_calls: z.array(z.unknown()).nullish(),
          })
          .nullish(),
        logprobs: z
          .looseObject({ content: z.array(z.unknown()).nullish(), tokens: z.array(z.unknown()).nullish() })
          .nullish(),
      }),
    )
    .optional()
    .default([]),
  usage: usageBody.nullish(),
})
const errorBody = z.object({
  error: z.object({ message: z.string(), code: z.union([z.string(), z.number()]).nullish().catch(undefined) }),
})

export type EngineChunk = z.output<typeof chunkBody>
export type ChunkUsage = z.output<typeof usageBody>

/** Throws `EngineFailure` of the kind `died` on an error event and on what is no chunk. */
export function parseChunk(data: string): EngineChunk {
  const value = tryJson(data)
  if (value === undefined) throw new EngineFailure('died', 'the engine sent an event that is not JSON')
  if (isUsualChunk(value)) return value
  const error = errorOf(value)
  if (error) throw new EngineFailure('died', error.message, error.code === undefined ? {} : { code: error.code })
  const chunk = chunkBody.safeParse(value)
  if (!chunk.success) throw new EngineFailure('died', `the engine sent a malformed chunk: ${chunk.error.message}`)
  return chunk.data
}

/** The error in OpenAI's form, or undefined where it is none. */
export function errorOf(value: unknown): { message: string; code: string | undefined } | undefined {
  const parsed = errorBody.safeParse(value)
  if (!parsed.success) return undefined
  const { message, code } = parsed.data.error
  return { message, code: code === null || code === undefined ? undefined : String(code) }
}

/** Undefined for what is no JSON. */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether the schema takes it as it stands: its choices hold text alone, and its usage is whole. */
function isUsualChunk(value: unknown): value is EngineChunk {
  if (!isObject(value) || value.error !== undefined || !Array.isArray(value.choices)) return false
  for (const choice of value.choices as unknown[]) {
    if (!isObject(choice) || !isText(choice.text) || !isText(choice.finish_reason) || !isNothing(choice.logprobs)) {
      return false
    }
    const { delta } = choice
    if (isNothing(delta)) continue
    if (!isObject(delta) || !isText(delta.content) || !isText(delta.reasoning_content)) return false
    if (!isText(delta.refusal) || !isNothing(delta.tool_calls)) return false
  }
  const { usage } = value
  if (isNothing(usage)) return true
  return (
    isObject(usage) &&
    isCount(usage.prompt_tokens) &&
    isCount(usage.completion_tokens) &&
    isNothing(usage.prompt_tokens_details)
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNothing = (value: unknown): boolean => value === undefined || value === null
const isText = (value: unknown): boolean => typeof value === 'string' || isNothing(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
