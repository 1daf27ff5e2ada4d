/** Shapes of OpenAI answers: chunks of a stream, whole answers, errors. Data only; the server writes them. */
import type { EngineBackend, EngineRequestError, Usage } from './engine-backend.ts'

export type AnswerHead = {
  readonly kind: 'chat' | 'completion'
  readonly id: string
  readonly created: number
  readonly model: string
}
type Finish = 'stop' | 'length' | null

export function openAiUsage({ tokensIn, tokensCached, tokensOut }: Usage) {
  return {
    prompt_tokens: tokensIn,
    completion_tokens: tokensOut,
    total_tokens: tokensIn + tokensOut,
    prompt_tokens_details: { cached_tokens: tokensCached },
  }
}

/** One chunk of a stream. `text` null makes the chat chunk that only announces the role. */
export function streamChunk(head: AnswerHead, text: string | null, finish: Finish, usage: Usage | undefined) {
  const choice =
    head.kind === 'chat'
      ? {
          index: 0,
          delta: text === null ? { role: 'assistant', content: '' } : { content: text },
          finish_reason: finish,
        }
      : { index: 0, text: text ?? '', finish_reason: finish }
  return { ...envelope(head, true), choices: [choice], ...(usage && { usage: openAiUsage(usage) }) }
}

/** The chunk without choices that ends a stream whose caller asked for usage. */
export function usageChunk(head: AnswerHead, usage: Usage) {
  return { ...envelope(head, true), choices: [], usage: openAiUsage(usage) }
}

export function wholeAnswer(head: AnswerHead, text: string, finish: Finish, usage: Usage) {
  const choice =
    head.kind === 'chat'
      ? { index: 0, message: { role: 'assistant', content: text }, finish_reason: finish }
      : { index: 0, text, finish_reason: finish }
  return { ...envelope(head, false), choices: [choice], usage: openAiUsage(usage) }
}

export function modelList({ models, features }: Pick<EngineBackend, 'models' | 'features'>) {
  return {
    object: 'list',
    data: models.map((card) => ({
      id: card.id,
      object: 'model',
      created: 0,
      owned_by: card.simulated ? 'simulated' : 'isochrone',
      context_length: card.contextTokens,
      model_hash: card.modelHash,
      simulated: card.simulated,
      note: card.note,
      features,
    })),
  }
}

export function errorBody(error: EngineRequestError) {
  const type = error.httpStatus >= 500 ? 'server_error' : 'invalid_request_error'
  return { error: { message: error.message, type, param: error.param, code: error.code } }
}

function envelope(head: AnswerHead, streamed: boolean) {
  const chatObject = streamed ? 'chat.completion.chunk' : 'chat.completion'
  return {
    id: head.id,
    object: head.kind === 'chat' ? chatObject : 'text_completion',
    created: head.created,
    model: head.model,
  }
}
