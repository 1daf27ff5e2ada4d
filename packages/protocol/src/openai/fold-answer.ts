/**
 * Puts the chunks of an OpenAI stream together into the whole answer that its API gives without streaming.
 *
 * Strings of a choice's delta are joined, tool calls by their index; any other field keeps its last value.
 */
export type FoldedKind = 'chat' | 'completion' | 'embeddings'

export interface FoldedAnswer {
  /** A parsed chunk. What a node puts there that is no such thing adds nothing. */
  add(chunk: Record<string, unknown>): void
  /** The answer without usage. */
  answer(): Record<string, unknown>
  reset(): void
}

interface Choice {
  index: number
  /** Chat: the message. Completions: `text` alone. */
  merged: Record<string, unknown>
  rest: Record<string, unknown>
}

export function foldAnswer(kind: FoldedKind): FoldedAnswer {
  let envelope: Record<string, unknown> = {}
  let vectors: unknown[] = []
  let choices = new Map<number, Choice>()

  return {
    add({ choices: parts, usage: _usage, data, ...head }) {
      if (Object.keys(envelope).length === 0) envelope = head
      if (kind === 'embeddings') vectors.push(...objectsOf(data))
      else for (const part of objectsOf(parts)) addPart(choices, kind, part)
    },
    answer() {
      if (kind === 'embeddings') return { ...envelope, object: 'list', data: vectors }
      const ordered = [...choices.values()].toSorted((a, b) => a.index - b.index)
      return {
        ...envelope,
        object: kind === 'chat' ? 'chat.completion' : 'text_completion',
        choices: ordered.map(({ index, merged, rest }) =>
          kind === 'chat'
            ? { index, ...rest, message: { role: 'assistant', content: '', ...merged } }
            : { index, ...rest, ...merged },
        ),
      }
    },
    reset() {
      envelope = {}
      choices = new Map()
      vectors = []
    },
  }
}

function addPart(choices: Map<number, Choice>, kind: 'chat' | 'completion', part: Record<string, unknown>): void {
  const { index: rawIndex, delta, text, ...rest } = part
  const index = typeof rawIndex === 'number' ? rawIndex : 0
  let choice = choices.get(index)
  if (!choice) choices.set(index, (choice = { index, merged: {}, rest: {} }))
  if (kind === 'completion') choice.merged.text = textOf(choice.merged.text) + textOf(text)
  else if (typeof delta === 'object' && delta !== null) mergeDelta(choice.merged, delta as Record<string, unknown>)
  for (const [name, value] of Object.entries(rest)) {
    if (name === 'logprobs') choice.rest[name] = joinedLists(choice.rest[name], value)
    else if (value !== null || !(name in choice.rest)) choice.rest[name] = value
  }
}

function mergeDelta(into: Record<string, unknown>, delta: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(delta)) {
    const before = into[name]
    if (name === 'tool_calls' && Array.isArray(value)) into[name] = mergeToolCalls(before, objectsOf(value))
    else if (name === 'function_call' && isObject(value)) into[name] = joined(before, value)
    else if (typeof value === 'string' && typeof before === 'string' && name !== 'role') into[name] = before + value
    else if (value !== null || before === undefined) into[name] = value
  }
}

/** Log-probabilities come in lists by name, a part with each chunk. */
function joinedLists(before: unknown, value: unknown): unknown {
  if (typeof before !== 'object' || before === null || typeof value !== 'object' || value === null)
    return value ?? before
  const lists: Record<string, unknown> = { ...before }
  for (const [name, part] of Object.entries(value)) {
    const known = lists[name]
    lists[name] =
      Array.isArray(known) && Array.isArray(part) ? [...(known as unknown[]), ...(part as unknown[])] : (part ?? known)
  }
  return lists
}

/** Each piece names its call by `index`; its arguments come in parts, id and name once: some servers say null behind it. */
function mergeToolCalls(before: unknown, pieces: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const calls = Array.isArray(before) ? [...(before as Record<string, unknown>[])] : []
  for (const piece of pieces) {
    const { index, ...rest } = piece
    const at = typeof index === 'number' && index >= 0 && index <= calls.length ? index : calls.length
    const call: Record<string, unknown> = { ...calls[at] }
    for (const [name, value] of Object.entries(rest)) {
      if (name === 'function' && isObject(value)) call.function = joined(call.function, value)
      else if (value !== null || !(name in call)) call[name] = value
    }
    calls[at] = call
  }
  return calls
}

function joined(before: unknown, piece: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...(before as Record<string, unknown> | undefined) }
  for (const [name, value] of Object.entries(piece)) {
    if (name === 'arguments') out[name] = textOf(out[name]) + textOf(value)
    else if (value !== null || !(name in out)) out[name] = value
  }
  return out
}

/** The objects of a list; what else a node puts there adds nothing. */
function objectsOf(value: unknown): Record<string, unknown>[] {
  const items: unknown[] = Array.isArray(value) ? value : []
  return items.filter(isObject)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
