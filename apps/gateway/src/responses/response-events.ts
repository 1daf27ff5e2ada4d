/**
 * The chunks of a chat stream as the typed events of the Responses API, numbered from 0.
 *
 * Items open and close in order: reasoning, text or a refusal, then each function call; a new one closes the one before. Feeding it
 * never throws: a chunk that is not as agreed adds nothing.
 */
import {
  callItem,
  cutBy,
  cutOff,
  envelope,
  finished,
  itemIdOf,
  logprobsOf,
  messageItem,
  reasoningItem,
  reasoningOf,
  refusalItem,
  refusalPart,
  textPart,
  type ChatUsage,
  type FunctionCall,
  type ResponseHead,
  type ResponseItem,
} from './response-object.ts'

export interface ResponseEvent {
  type: string
  sequence_number: number
  [field: string]: unknown
}

export interface ResponseEvents {
  /** `response.created` and `response.in_progress`. */
  begin(): ResponseEvent[]
  /** What one chunk of the chat stream adds. */
  chunk(chunk: Readonly<Record<string, unknown>>): ResponseEvent[]
  /** Closes what is open, then `response.completed` or `response.incomplete` with usage and what `more` adds. */
  end(usage: ChatUsage, more?: Readonly<Record<string, unknown>>): ResponseEvent[]
  /** `response.failed` after what was delivered. */
  fail(error: { code: string; message: string }): ResponseEvent[]
}

type Open =
  | { kind: 'text'; id: string; text: string; logprobs: unknown[] }
  | { kind: 'reasoning'; id: string; text: string }
  | { kind: 'refusal'; id: string; text: string }
  | { kind: 'call'; id: string; at: number; call: FunctionCall }

/** The translation of one stream. */
export function createResponseEvents(head: ResponseHead): ResponseEvents {
  const output: ResponseItem[] = []
  let sequence = 0
  let open: Open | null = null
  let finishReason: unknown = null

  const event = (type: string, fields: Record<string, unknown>): ResponseEvent => ({
    type,
    sequence_number: sequence++,
    ...fields,
  })
  const place = (id: string) => ({ item_id: id, output_index: output.length })

  /** `isCut`: its end is missing. */
  function close(isCut = false): ResponseEvent[] {
    if (open === null) return []
    const item = open
    open = null
    const at = place(item.id)
    const part = { ...at, content_index: 0 }
    const events: ResponseEvent[] = []
    const done = (said: ResponseItem): void => {
      const whole = isCut ? cutOff(said) : said
      events.push(event('response.output_item.done', { output_index: at.output_index, item: whole }))
      output.push(whole)
    }
    if (item.kind === 'call') {
      const { args, name } = item.call
      events.push(event('response.function_call_arguments.done', { ...at, name, arguments: args }))
      done(callItem(item.id, item.call, 'completed'))
    } else if (item.kind === 'reasoning') {
      events.push(event('response.reasoning_text.done', { ...part, text: item.text }))
      done(reasoningItem(item.id, item.text))
    } else if (item.kind === 'refusal') {
      events.push(event('response.refusal.done', { ...part, refusal: item.text }))
      events.push(event('response.content_part.done', { ...part, part: refusalPart(item.text) }))
      done(refusalItem(item.id, item.text))
    } else {
      const { text, logprobs } = item
      events.push(event('response.output_text.done', { ...part, text, logprobs }))
      events.push(event('response.content_part.done', { ...part, part: textPart(text, logprobs) }))
      done(messageItem(item.id, text, 'completed', logprobs))
    }
    return events
  }

  function openMessage(kind: 'text' | 'refusal'): ResponseEvent[] {
    const events = close()
    const id = itemIdOf('msg', head.id, output.length)
    open = kind === 'text' ? { kind, id, text: '', logprobs: [] } : { kind, id, text: '' }
    const item = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    const part = kind === 'text' ? textPart('') : refusalPart('')
    events.push(event('response.output_item.added', { output_index: output.length, item }))
    events.push(event('response.content_part.added', { ...place(id), content_index: 0, part }))
    return events
  }

  function addText(delta: string, logprobs: unknown[]): ResponseEvent[] {
    const events = open?.kind === 'text' ? [] : openMessage('text')
    if (open?.kind !== 'text') return events
    open.text += delta
    open.logprobs.push(...logprobs)
    events.push(event('response.output_text.delta', { ...place(open.id), content_index: 0, delta, logprobs }))
    return events
  }

  function addRefusal(delta: string): ResponseEvent[] {
    const events = open?.kind === 'refusal' ? [] : openMessage('refusal')
    if (open?.kind !== 'refusal') return events
    open.text += delta
    events.push(event('response.refusal.delta', { ...place(open.id), content_index: 0, delta }))
    return events
  }

  function addReasoning(delta: string): ResponseEvent[] {
    const events: ResponseEvent[] = []
    if (open?.kind !== 'reasoning') {
      events.push(...close())
      const id = itemIdOf('rs', head.id, output.length)
      open = { kind: 'reasoning', id, text: '' }
      const item = { id, type: 'reasoning', summary: [], content: [] }
      events.push(event('response.output_item.added', { output_index: output.length, item }))
    }
    if (open?.kind !== 'reasoning') return events
    open.text += delta
    events.push(event('response.reasoning_text.delta', { ...place(open.id), content_index: 0, delta }))
    return events
  }

  function addCall(piece: Readonly<Record<string, unknown>>): ResponseEvent[] {
    const at = typeof piece.index === 'number' ? piece.index : 0
    const fn = (piece.function ?? {}) as Record<string, unknown>
    const events: ResponseEvent[] = []
    if (open?.kind !== 'call' || open.at !== at) {
      events.push(...close())
      const id = itemIdOf('fc', head.id, output.length)
      const call = { callId: textOf(piece.id), name: textOf(fn.name), args: '' }
      open = { kind: 'call', id, at, call }
      events.push(
        event('response.output_item.added', { output_index: output.length, item: callItem(id, call, 'in_progress') }),
      )
    }
    const delta = textOf(fn.arguments)
    if (open?.kind !== 'call' || delta === '') return events
    open.call.args += delta
    events.push(event('response.function_call_arguments.delta', { ...place(open.id), delta }))
    return events
  }

  return {
    begin: () => [
      event('response.created', { response: envelope(head, 'in_progress', []) }),
      event('response.in_progress', { response: envelope(head, 'in_progress', []) }),
    ],
    chunk({ choices }) {
      const events: ResponseEvent[] = []
      const [choice] = objectsOf(choices)
      if (!choice) return events
      const delta = (choice.delta ?? {}) as Record<string, unknown>
      const reasoning = reasoningOf(delta)
      if (reasoning !== '') events.push(...addReasoning(reasoning))
      const [text, refusal] = [textOf(delta.content), textOf(delta.refusal)]
      if (text !== '') events.push(...addText(text, logprobsOf(choice.logprobs)))
      if (refusal !== '') events.push(...addRefusal(refusal))
      for (const piece of objectsOf(delta.tool_calls)) events.push(...addCall(piece))
      finishReason = choice.finish_reason ?? finishReason
      return events
    },
    end(usage, more = {}) {
      // An answer without a token has its message all the same.
      const events = output.length === 0 && open === null ? openMessage('text') : []
      events.push(...close(cutBy(finishReason) !== null))
      const response = { ...finished(head, finishReason, output, usage), ...more }
      events.push(event(`response.${String(response.status)}`, { response }))
      return events
    },
    fail(error) {
      const events = close(true)
      const response = { ...envelope(head, 'failed', output), error }
      events.push(event('response.failed', { response }))
      return events
    },
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function objectsOf(value: unknown): Record<string, unknown>[] {
  const items: unknown[] = Array.isArray(value) ? value : []
  return items.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null)
}
