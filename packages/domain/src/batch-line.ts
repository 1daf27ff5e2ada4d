/**
 * One line of a batch's input, checked by itself: the same words in the browser before a file is sent and in the worker
 * before a batch begins. What only an engine can judge of a body is judged when the line runs, and ends that line alone.
 */
import type { BatchFault } from './batch-codes.ts'

export const batchEndpoints = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'] as const
export type BatchEndpoint = (typeof batchEndpoints)[number]

export const BATCH_LINES_MAX = 50_000
export const BATCH_LINE_BYTES_MAX = 1024 * 1024
export const FILE_BYTES_MAX = 100 * 1024 * 1024
export const CUSTOM_ID_LENGTH_MAX = 512
/** Of its file when a page sends it: one that no form can send, so that no other site can either. */
export const BATCH_FILE_TYPE = 'application/x-ndjson'

export interface BatchLineError {
  code: BatchFault
  /** From 1, as an editor counts; null where it is of no one line. */
  line: number | null
  message: string
  param: string | null
}

export interface BatchLine {
  customId: string
  model: string
  body: Record<string, unknown>
}

export interface BatchLineRules {
  endpoint: string
  /** Ids of the lines before; this one's is added. */
  seen: Set<string>
  /** Whether some node offers it; a batch for a model that nobody has would only wait. */
  isModel: (name: string) => boolean
  /** What is wrong with the body's `routing`: a policy that is spelt wrongly must not run as another. */
  routingFault: (routing: unknown) => { param: string; message: string } | null
}

/** As `JSON.stringify` writes them: U+0000 and lone surrogates are what PostgreSQL's jsonb refuses. */
const cannotBeStored = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** What the line asks for, or what is wrong with it first. */
export function readBatchLine(text: string, line: number, rules: BatchLineRules): BatchLine | BatchLineError {
  const wrong = (code: BatchFault, param: string | null, message: string): BatchLineError => ({
    code,
    line,
    message,
    param,
  })
  const json = parsed(text)
  if (!isObject(json)) return wrong('invalid_json_line', null, 'The line is not one JSON object.')
  const { custom_id: customId, method, url, body } = json
  if (typeof customId !== 'string' || customId === '') {
    return wrong('missing_required_parameter', 'custom_id', "'custom_id' must be a text that names the line.")
  }
  if (customId.length > CUSTOM_ID_LENGTH_MAX) {
    return wrong('invalid_custom_id', 'custom_id', `'custom_id' may have ${CUSTOM_ID_LENGTH_MAX} characters.`)
  }
  if (rules.seen.has(customId)) {
    return wrong(
      'duplicate_custom_id',
      'custom_id',
      `The custom_id '${short(customId)}' stands in an earlier line too.`,
    )
  }
  rules.seen.add(customId)
  if (method !== 'POST') return wrong('invalid_method', 'method', "'method' must be POST.")
  if (url !== rules.endpoint) {
    return wrong('url_mismatch', 'url', `'url' must be the batch's endpoint, ${rules.endpoint}.`)
  }
  if (!isObject(body)) return wrong('missing_required_parameter', 'body', "'body' must be the request, a JSON object.")
  const { model } = body
  if (typeof model !== 'string' || model === '') {
    return wrong('missing_required_parameter', 'body.model', "'body.model' must name a model.")
  }
  if (body.stream === true) {
    return wrong('stream_not_supported', 'body.stream', 'A batch streams nothing: leave out stream.')
  }
  if (body.background === true) {
    return wrong('background_not_supported', 'body.background', 'A batch runs later anyway: leave out background.')
  }
  if (body.sealed !== undefined) {
    return wrong('sealed_not_supported', 'body.sealed', 'The keys of sealed requests do not live as long as a batch.')
  }
  if (!rules.isModel(model)) {
    return wrong('model_not_found', 'body.model', `No node offers the model '${short(model)}'.`)
  }
  const fault = rules.routingFault(body.routing)
  if (fault) return wrong('invalid_routing', fault.param, fault.message)
  if (cannotBeStored.test(JSON.stringify([customId, body]))) {
    return wrong('invalid_text', 'body', 'A text with U+0000 or half of a surrogate pair cannot be stored.')
  }
  return { customId, model, body }
}

export const isBatchLineError = (read: BatchLine | BatchLineError): read is BatchLineError => 'code' in read

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** Streams of a node that batches may fill: the last ones are for those who wait for their answer. */
export function slackStreamsMax(concurrencyMax: number): number {
  return concurrencyMax <= 1 ? concurrencyMax : concurrencyMax - Math.max(1, Math.ceil(concurrencyMax / 4))
}
