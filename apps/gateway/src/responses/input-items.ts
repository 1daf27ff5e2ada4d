/**
 * What a background response was asked with, as items: read back from the chat messages that were stored for it.
 *
 * The way back of `messagesOfInput`, and as much as that kept: parts of one turn of the assistant are one text, and reasoning that
 * was sent along is not there.
 */
import type { JobState } from '@isochrone/services'
import { objectOf, responseIdOfJob } from './background-response.ts'
import { messagesOfInput } from './input-messages.ts'
import { callItem, functionCallOf, type ResponseItem } from './response-object.ts'

type Fields = Readonly<Record<string, unknown>>

/** From the first on. Each has an id that stays. */
export function inputItemsOf(job: Pick<JobState, 'id' | 'body' | 'source'>): (ResponseItem & { id: string })[] {
  const { messages } = objectOf(job.body)
  const asked = Array.isArray(messages) ? (messages as Fields[]) : []
  const { instructions } = objectOf(objectOf(job.source).echo)
  const name = responseIdOfJob(job.id).slice('resp_'.length)
  return itemsOfMessages(asked.slice(instructionsCount(instructions))).map((item, index) => ({
    id: `${prefixOf(item)}_${name}_in${index}`,
    ...item,
  }))
}

/** Messages as input items without ids. */
export function itemsOfMessages(messages: readonly Fields[]): ResponseItem[] {
  return messages.flatMap((message) => {
    const { role, content, tool_calls: calls, tool_call_id: callId } = message
    if (role === 'tool') {
      const output = typeof content === 'string' ? content : partsOf(content, 'input_text')
      return [{ type: 'function_call_output', call_id: callId, output, status: 'completed' }]
    }
    const parts = partsOf(content, role === 'assistant' ? 'output_text' : 'input_text')
    const said = parts.length > 0 ? [{ type: 'message', role, content: parts, status: 'completed' }] : []
    const called = Array.isArray(calls) ? (calls as Fields[]) : []
    return [...said, ...called.map((call) => callWithoutId(call))]
  })
}

/** Instructions are no input; they were put in front of it. */
function instructionsCount(instructions: unknown): number {
  if (typeof instructions !== 'string' && !Array.isArray(instructions)) return 0
  // Beside an input of one message, since nothing at all is refused.
  return messagesOfInput('', instructions).length - 1
}

function callWithoutId(call: Fields): ResponseItem {
  const { id: _id, ...item } = callItem('', functionCallOf(call), 'completed')
  return item
}

function partsOf(content: unknown, textType: 'input_text' | 'output_text'): Record<string, unknown>[] {
  if (typeof content === 'string') return [textPart(content, textType)]
  return Array.isArray(content) ? (content as Fields[]).map((part) => partOf(part, textType)) : []
}

function partOf(part: Fields, textType: 'input_text' | 'output_text'): Record<string, unknown> {
  switch (part.type) {
    case 'text':
      return textPart(part.text, textType)
    case 'image_url': {
      const { url, detail } = objectOf(part.image_url)
      return { type: 'input_image', image_url: url, detail: detail ?? 'auto', file_id: null }
    }
    case 'file':
      return { type: 'input_file', ...objectOf(part.file) }
    default:
      return { ...part }
  }
}

const textPart = (text: unknown, type: 'input_text' | 'output_text'): Record<string, unknown> =>
  type === 'input_text' ? { type, text } : { type, text, annotations: [] }

const prefixOf = ({ type }: ResponseItem): string =>
  type === 'message' ? 'msg' : type === 'function_call' ? 'fc' : 'fco'
