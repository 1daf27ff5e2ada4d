/** Each endpoint that runs a model: how its body is read, and in which words it answers. */
import { AppError, isAppError } from '@isochrone/domain'
import {
  isSealed,
  objectOf,
  parseInferenceRequest,
  parseJson,
  type InferencePath,
  type InferenceRequest,
  type ParseOptions,
} from '../requests/read/parse-request.ts'
import { responsesDialect } from '../responses/responses-dialect.ts'
import { parseResponsesRequest, type ResponsesRequest } from '../responses/responses-request.ts'
import { completionsDialect, embeddingsDialect, type Dialect } from './dialect.ts'

export interface Asked {
  inference: InferenceRequest
  dialect: Dialect
  /** Of the Responses API: what it asked beside the completion. */
  response: ResponsesRequest | null
}

type ReadBody = (body: Uint8Array, options: ParseOptions) => Asked

const plain =
  (path: InferencePath, dialect: Dialect = completionsDialect): ReadBody =>
  (body, options) => ({
    inference: parseInferenceRequest(path, body, options),
    dialect,
    response: null,
  })

/** By path. Each throws `invalid_input` with the field in its own API's words. */
export const endpoints: Readonly<Record<string, ReadBody>> = {
  '/v1/chat/completions': plain('/v1/chat/completions'),
  '/v1/completions': plain('/v1/completions'),
  '/v1/embeddings': plain('/v1/embeddings', embeddingsDialect),
  '/v1/responses': readResponses,
}

function readResponses(body: Uint8Array, options: ParseOptions): Asked {
  const json = objectOf(parseJson(body))
  if (isSealed(json)) {
    throw new AppError('invalid_input', {
      publicMessage: 'Responses cannot be sealed: seal a chat completion.',
      field: 'sealed',
      details: { reason: 'unsupported_field' },
    })
  }
  const response = parseResponsesRequest(json)
  try {
    const chat = parseInferenceRequest('/v1/chat/completions', Buffer.from(JSON.stringify(response.chatBody)), options)
    const needs = chat.needs.map(({ feature, field }) => ({ feature, field: responsesField(field) }))
    const lengthField = responsesField(chat.lengthField)
    return { inference: { ...chat, needs, lengthField }, dialect: responsesDialect(response), response }
  } catch (error) {
    if (!isAppError(error) || error.field === undefined) throw error
    const field = responsesField(error.field)
    const publicMessage = error.publicMessage.replace(error.field, field)
    throw new AppError(error.code, { publicMessage, field, details: error.details, cause: error })
  }
}

const chatFields: readonly [RegExp, string][] = [
  [/^messages.*/, 'input'],
  [/^max_(completion_)?tokens/, 'max_output_tokens'],
  [/^response_format(\.json_schema)?/, 'text.format'],
  [/^reasoning_effort/, 'reasoning.effort'],
  [/^logprobs/, 'include'],
  [/^(tools\[\d+\])\.function/, '$1'],
]

/** A field of the chat completion as the Responses API names it. */
function responsesField(field: string): string {
  const known = chatFields.find(([pattern]) => pattern.test(field))
  return known ? field.replace(known[0], known[1]) : field
}
