/**
 * Whether an answer of this request could be continued at all: by its policy and by what it asks for. Pure.
 *
 * An answer whose shape depends on its beginning (a grammar that starts anew, a prompt that is echoed, several choices)
 * must not be glued together from two engines: it ends with an error frame instead.
 */
import { objectOf, parseJson } from '../read/parse-request.ts'
import type { RequestContext } from '../request-context.ts'

/** Looked at for each request: whether its text is worth keeping. A job is placed again by the worker. */
export function mayContinue({ pinned, policy }: Pick<RequestContext, 'pinned' | 'policy'>): boolean {
  return pinned === null && policy.allowFallbacks && policy.allowContinuation !== false
}

/** Looked at when a node broke off. */
export function isContinuable({ request }: Pick<RequestContext, 'request'>): boolean {
  const body = objectOf(parseJson(request.body))
  if ((body.n ?? 1) !== 1 || beginsAnew.some((field) => isSaid(body[field]))) return false
  return request.path === '/v1/chat/completions' ? isContinuableChat(body) : isContinuableText(body)
}

/** Fields of engines by which the text follows a grammar, a search, or a count that starts at its beginning. */
const beginsAnew = [
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'structured_outputs',
  'grammar',
  'regex',
  'ebnf',
  'json_schema',
  'min_tokens',
  'use_beam_search',
  'continue_final_message',
]

function isContinuableChat({ messages, response_format: format, tool_choice: choice, ...body }: Body): boolean {
  const type = isSaid(format) ? (format as Body).type : 'text'
  const mayTalk = !isSaid(choice) || choice === 'auto' || choice === 'none'
  const isText = !isSaid(body.modalities) || JSON.stringify(body.modalities) === '["text"]'
  // An assistant's last message is itself a beginning, which engines treat differently.
  const last = Array.isArray(messages) ? (messages as Body[]).at(-1) : undefined
  const answers = last !== undefined && last.role !== 'assistant'
  return type === 'text' && mayTalk && isText && answers && !isSaid(body.function_call) && !isSaid(body.audio)
}

function isContinuableText({ prompt, echo, suffix, best_of: bestOf, logprobs }: Body): boolean {
  const [only, ...others] = Array.isArray(prompt) ? (prompt as unknown[]) : [prompt]
  const isText = typeof only === 'string' && others.length === 0
  // The offsets of log-probabilities would start anew.
  return isText && echo !== true && !isSaid(suffix) && (bestOf ?? 1) === 1 && !isSaid(logprobs)
}

type Body = Record<string, unknown>

const isSaid = (value: unknown): boolean => value !== undefined && value !== null && value !== false
