/**
 * The items of a Responses request as chat messages: what was said, calls of functions with what they returned, images
 * and files as parts.
 *
 * Reasoning items are left out: engines take no reasoning back. What refers to a store is refused with its path.
 */
import { AppError } from '@isochrone/domain'

/** Of items of reasoning: see `itemIdOf`. */
const REASONING_ID = 'rs_'

type Item = Readonly<Record<string, unknown>>
type Message = Record<string, unknown>

/** Throws `invalid_input` naming the item, as in `input[2].type`. */
export function messagesOfInput(input: string | readonly Item[], instructions: unknown): Message[] {
  const messages: Message[] = []
  if (typeof instructions === 'string') messages.push({ role: 'system', content: instructions })
  else if (Array.isArray(instructions)) addItems(messages, instructions as Item[], 'instructions')
  if (typeof input === 'string') messages.push({ role: 'user', content: input })
  else addItems(messages, input, 'input')
  if (messages.length === 0) throw wrong('input', 'at least one item')
  return messages
}

function addItems(messages: Message[], items: readonly Item[], root: string): void {
  for (const [index, item] of items.entries()) addItem(messages, item, `${root}[${index}]`)
}

function addItem(messages: Message[], item: Item, field: string): void {
  switch (item.type ?? 'message') {
    case 'message':
      messages.push(messageOf(item, field))
      return
    case 'function_call':
      addCall(messages, item)
      return
    case 'function_call_output':
      messages.push({
        role: 'tool',
        tool_call_id: item.call_id,
        content: typeof item.output === 'string' ? item.output : contentOf(item.output, `${field}.output`),
      })
      return
    case 'reasoning':
      return
    case 'item_reference':
      // What it refers to would be left out as well.
      if (typeof item.id === 'string' && item.id.startsWith(REASONING_ID)) return
      throw unsupported(
        `${field}.type`,
        'items are not stored here, so none can be referred to; send each item whole (with the AI SDK: providerOptions.openai.store = false)',
      )
    default:
      throw unsupported(
        `${field}.type`,
        `items of type '${String(item.type).slice(0, 60)}' need a store or a hosted tool`,
      )
  }
}

function messageOf({ role, content }: Item, field: string): Message {
  if (typeof role !== 'string') throw wrong(`${field}.role`, 'user, assistant, system or developer')
  if (typeof content === 'string') return { role, content }
  const parts = contentOf(content, `${field}.content`)
  // Engines that know only text of the assistant take a string for certain.
  const texts = parts.filter(({ type }) => type === 'text')
  if (role === 'assistant' && texts.length === parts.length) {
    return { role, content: texts.map(({ text }) => String(text)).join('') }
  }
  return { role, content: parts }
}

/** Calls of one turn are one message, as chat completions have it. */
function addCall(messages: Message[], { call_id: id, name, arguments: args }: Item): void {
  const call = { id, type: 'function', function: { name, arguments: typeof args === 'string' ? args : '{}' } }
  const last = messages.at(-1)
  if (last?.role === 'assistant') {
    last.tool_calls = [...((last.tool_calls as unknown[] | undefined) ?? []), call]
  } else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
}

function contentOf(content: unknown, field: string): Message[] {
  if (!Array.isArray(content)) throw wrong(field, 'a string or an array of parts')
  return (content as unknown[]).map((part, index) => {
    if (typeof part !== 'object' || part === null) throw wrong(`${field}[${index}]`, 'an object')
    return partOf(part as Item, `${field}[${index}]`)
  })
}

function partOf(part: Item, field: string): Message {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'refusal', refusal: part.refusal }
    case 'input_image': {
      if (typeof part.image_url !== 'string')
        throw unsupported(`${field}.file_id`, 'send the image as a URL or data URL')
      const detail = typeof part.detail === 'string' && { detail: part.detail }
      return { type: 'image_url', image_url: { url: part.image_url, ...detail } }
    }
    case 'input_file': {
      if (typeof part.file_data !== 'string') throw unsupported(`${field}.file_id`, 'send the file as file_data')
      return { type: 'file', file: { file_data: part.file_data, filename: part.filename } }
    }
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio }
    default:
      throw unsupported(`${field}.type`, `'${String(part.type).slice(0, 60)}' is no part that chat completions know`)
  }
}

const wrong = (field: string, expected: string): AppError =>
  new AppError('invalid_input', { publicMessage: `'${field}' must be ${expected}.`, field })

const unsupported = (field: string, why: string): AppError =>
  new AppError('invalid_input', {
    publicMessage: `'${field}' is not supported: ${why}.`,
    field,
    details: { reason: 'unsupported_field' },
  })
