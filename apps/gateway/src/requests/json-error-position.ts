/**
 * Where a text stops being JSON (RFC 8259). Only called for texts that `JSON.parse` has refused, whose message leaves
 * the position out for short texts and quotes the customer's data instead.
 */
const TOKEN =
  // oxlint-disable-next-line no-control-regex -- JSON forbids exactly these inside strings.
  /[ \t\n\r]+|[{}[\]:,]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

type Expectation = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end' | 'end'

export interface JsonPosition {
  /** From 0, in UTF-16 units. */
  position: number
  /** From 1. */
  line: number
  column: number
}

/** The start of the first token that cannot stand there; the text's end when it is merely cut. */
export function errorPositionOfJson(text: string): JsonPosition {
  const open: ('{' | '[')[] = []
  let expected: Expectation = 'value'
  let position = 0
  while (position < text.length) {
    TOKEN.lastIndex = position
    const token = TOKEN.exec(text)?.[0]
    if (token === undefined) break
    if (token.trim() !== '') {
      const next = step(token, expected, open)
      if (next === null) break
      expected = next
    }
    position += token.length
  }
  const before = text.slice(0, position).split('\n')
  return { position, line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** What may follow `token`, or null when it may not stand here. Changes `open`. */
function step(token: string, expected: Expectation, open: ('{' | '[')[]): Expectation | null {
  const afterValue = (): Expectation => (open.length === 0 ? 'end' : ', or end')
  const inside = open.at(-1)
  if (token === ':') return expected === ':' ? 'value' : null
  if (token === ',') {
    if (expected !== ', or end') return null
    return inside === '{' ? 'key' : 'value'
  }
  if (token === '}' || token === ']') {
    const fits = token === '}' ? inside === '{' && expected === 'key or }' : inside === '[' && expected === 'value or ]'
    const closes = expected === ', or end' && inside === (token === '}' ? '{' : '[')
    if (!fits && !closes) return null
    open.pop()
    return afterValue()
  }
  if (expected === 'key' || expected === 'key or }') return token.startsWith('"') ? ':' : null
  if (expected !== 'value' && expected !== 'value or ]') return null
  if (token === '{' || token === '[') {
    open.push(token)
    return token === '{' ? 'key or }' : 'value or ]'
  }
  return afterValue()
}
