/**
 * The items of a Responses request as chat messages: what was said, calls of functions with what they returned, images
 * and files as parts.
 *
 * Reasoning items are left out: engines take no reasoning back. What refers to a store is refused with its path.
 */
import { AppError } from '@isochrone/domain'

/** Of items of reasoning: see `itemIdOf`. */
const REASONING_ID = 'rs_'

const roles: ReadonlySet<string> = new Set(['user', 'assistant', 'system', 'developer'])

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
  const type = item.type ?? 'message'
  switch (type) {
    case 'message':
      messages.push(messageOf(item, field))
      return
    case 'function_call':
      addCall(messages, item, field)
      return
    case 'function_call_output':
      messages.push({
        role: 'tool',
        tool_call_id: textAt(item, 'call_id', field),
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
      throw typeof type === 'string'
        ? unsupported(`${field}.type`, `items of type '${type.slice(0, 60)}' need a store or a hosted tool`)
        : wrong(`${field}.type`, 'a string')
  }
}

function messageOf({ role, content }: Item, field: string): Message {
  if (typeof role !== 'string' || !roles.has(role)) throw wrong(`${field}.role`, [...roles].join(', '))
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
function addCall(messages: Message[], item: Item, field: string): void {
  const fn = { name: textAt(item, 'name', field), arguments: textAt(item, 'arguments', field) }
  const call = { id: textAt(item, 'call_id', field), type: 'function', function: fn }
  const last = messages.at(-1)
  if (last?.role === 'assistant') {
    last.tool_calls = [...((last.tool_calls as unknown[] | undefined) ?? []), call]
  } else messages.push({ role: 'assistant', content: null, tool_calls: [call] })
}

function contentOf(content: unknown, field: string): Message[] {
  if (!Array.isArray(content)) throw wrong(field, 'a string or an array of parts')
  return (content as unknown[]).map((part, index) => partOf(itemAt(part, `${field}[${index}]`), `${field}[${index}]`))
}

function partOf(part: Item, field: string): Message {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: textAt(part, 'text', field) }
    case 'refusal':
      return { type: 'refusal', refusal: textAt(part, 'refusal', field) }
    case 'input_image': {
      if (isGiven(part.file_id)) throw unsupported(`${field}.file_id`, 'send the image as a URL or data URL')
      const detail = isGiven(part.detail) && { detail: textAt(part, 'detail', field) }
      return { type: 'image_url', image_url: { url: textAt(part, 'image_url', field), ...detail } }
    }
    case 'input_file': {
      for (const name of ['file_id', 'file_url']) {
        if (isGiven(part[name])) throw unsupported(`${field}.${name}`, 'send the file as file_data')
      }
      const filename = isGiven(part.filename) && { filename: textAt(part, 'filename', field) }
      return { type: 'file', file: { file_data: textAt(part, 'file_data', field), ...filename } }
    }
    case 'input_audio': {
      const at = `${field}.input_audio`
      const audio = itemAt(part.input_audio, at)
      return {
        type: 'input_audio',
        input_audio: { ...audio, data: textAt(audio, 'data', at), format: textAt(audio, 'format', at) },
      }
    }
    default:
      throw typeof part.type === 'string'
        ? unsupported(`${field}.type`, `'${part.type.slice(0, 60)}' is no part that chat completions know`)
        : wrong(`${field}.type`, 'a string')
  }
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

function textAt(item: Item, name: string, field: string): string {
  const value = item[name]
  if (typeof value !== 'string') throw wrong(`${field}.${name}`, 'a string')
  return value
}

function itemAt(value: unknown, field: string): Item {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(field, 'an object')
  return value as Item
}

const wrong = (field: string, expected: string): AppError =>
  new AppError('invalid_input', { publicMessage: `'${field}' must be ${expected}.`, field })

const unsupported = (field: string, why: string): AppError =>
  new AppError('invalid_input', {
    publicMessage: `'${field}' is not supported: ${why}.`,
    field,
    details: { reason: 'unsupported_field' },
  })
