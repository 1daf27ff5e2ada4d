/**
 * What a request needs of the engine that serves it, read from its OpenAI body: each need with the field that asks for it.
 *
 * Only what would change the answer is a need; hints (`user`, `metadata`, `prediction`, `service_tier`, …) are none.
 * Fields nobody knows are none either: they pass through. Shapes are not checked here: a wrong one needs nothing.
 */
import type { EngineFeature } from './engine-features.ts'

export interface RequestNeed {
  feature: EngineFeature
  /** Path of the field in the body, as in `messages[0].content[1].type`. */
  field: string
}

type Body = Readonly<Record<string, unknown>>

const partFeatures: ReadonlyMap<unknown, EngineFeature> = new Map([
  ['image_url', 'images'],
  ['input_audio', 'audio'],
  ['file', 'files'],
])

/** `path` is that of the API that the node is asked by. One need for each feature, in the order of its first field. */
export function requestNeeds(path: string, body: Body): RequestNeed[] {
  const found = new Map<EngineFeature, string>()
  const need = (feature: EngineFeature, field: string): void => {
    if (!found.has(feature)) found.set(feature, field)
  }
  if (path === '/v1/embeddings') need('embeddings', 'model')
  else {
    need(path === '/v1/completions' ? 'completions' : 'chat', 'model')
    generationNeeds(body, need)
    if (path === '/v1/completions') completionNeeds(body, need)
    else chatNeeds(body, need)
  }
  return [...found].map(([feature, field]) => ({ feature, field }))
}

type Need = (feature: EngineFeature, field: string) => void

function generationNeeds(body: Body, need: Need): void {
  if (typeof body.n === 'number' && body.n > 1) need('n', 'n')
  if (given(body.seed)) need('seed', 'seed')
  if (nonZero(body.presence_penalty)) need('penalties', 'presence_penalty')
  if (nonZero(body.frequency_penalty)) need('penalties', 'frequency_penalty')
  if (isObject(body.logit_bias) && Object.keys(body.logit_bias).length > 0) need('logit_bias', 'logit_bias')
}

function chatNeeds(body: Body, need: Need): void {
  for (const field of ['tools', 'functions']) {
    const list = body[field]
    if (Array.isArray(list) && list.length > 0) need('tools', field)
  }
  const { response_format: format } = body
  if (isObject(format) && (format.type === 'json_object' || format.type === 'json_schema')) {
    need(format.type, 'response_format.type')
  }
  if (body.logprobs === true) need('logprobs', 'logprobs')
  if (nonZero(body.top_logprobs)) need('logprobs', 'top_logprobs')
  if (given(body.reasoning_effort)) need('reasoning', 'reasoning_effort')
  if (given(body.web_search_options)) need('web_search', 'web_search_options')
  if (given(body.audio)) need('audio', 'audio')
  if (Array.isArray(body.modalities) && body.modalities.includes('audio')) need('audio', 'modalities')
  messageNeeds(body.messages, need)
}

function messageNeeds(messages: unknown, need: Need): void {
  if (!Array.isArray(messages)) return
  for (const [index, message] of (messages as unknown[]).entries()) {
    if (!isObject(message)) continue
    const { role, content, tool_calls: calls } = message
    if (role === 'tool' || role === 'function') need('tools', `messages[${index}].role`)
    if (Array.isArray(calls) && calls.length > 0) need('tools', `messages[${index}].tool_calls`)
    if (!Array.isArray(content)) continue
    for (const [at, part] of (content as unknown[]).entries()) {
      const feature = isObject(part) ? partFeatures.get(part.type) : undefined
      if (feature) need(feature, `messages[${index}].content[${at}].type`)
    }
  }
}

function completionNeeds(body: Body, need: Need): void {
  if (given(body.logprobs)) need('logprobs', 'logprobs')
  if (body.echo === true) need('echo', 'echo')
  if (typeof body.suffix === 'string' && body.suffix !== '') need('suffix', 'suffix')
  if (typeof body.best_of === 'number' && body.best_of > 1) need('best_of', 'best_of')
  const { prompt } = body
  if (!Array.isArray(prompt)) return
  if (prompt.some((item) => typeof item !== 'string')) need('token_prompts', 'prompt')
  if (prompt.length > 1 && typeof prompt[0] !== 'number') need('prompts', 'prompt')
}

const given = (value: unknown): boolean => value !== undefined && value !== null
const nonZero = (value: unknown): boolean => typeof value === 'number' && value !== 0
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
