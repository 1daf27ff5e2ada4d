/**
 * Where a text stops being JSON (RFC 8259). Only called for texts that `JSON.parse` has refused, whose message leaves
 * the position out for short texts and quotes the customer's data instead.
 *
 * One pass by code units, in time and memory linear in the text: bodies of ten megabytes are looked through too.
 */
type Expectation = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end' | 'end'

export interface JsonPosition {
  /** From 0, in UTF-16 units. */
  position: number
  /** From 1. */
  line: number
  column: number
}

const OBJECT = 1
const ARRAY = 2
const QUOTE = 0x22
const BACKSLASH = 0x5c
const words = new Map([0x74, 0x66, 0x6e].map((code, at) => [code, ['true', 'false', 'null'][at] as string]))

/** The start of the first token that cannot stand there; the text's end when it is merely cut. */
export function errorPositionOfJson(text: string): JsonPosition {
  // No deeper than the text is long.
  const open = new Uint8Array(text.length)
  let depth = 0
  let expected: Expectation = 'value'
  let position = 0
  for (; position < text.length;) {
    const code = text.charCodeAt(position)
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      position++
      continue
    }
    const inside = depth === 0 ? 0 : open[depth - 1]
    const end = endOfToken(text, position, code)
    const next: ReturnType<typeof step> = end < 0 ? null : step(code, expected, inside)
    if (next === null) break
    if (next === 'open') {
      open[depth++] = code === 0x7b ? OBJECT : ARRAY
      expected = code === 0x7b ? 'key or }' : 'value or ]'
    } else if (next === 'value ends') {
      if (code === 0x7d || code === 0x5d) depth--
      expected = depth === 0 ? 'end' : ', or end'
    } else expected = next
    position = end
  }
  return { position, ...placeOf(text, position) }
}

/** What a token that begins with `code` leads to, or null when it may not stand here. */
function step(
  code: number,
  expected: Expectation,
  inside: number | undefined,
): Expectation | 'open' | 'value ends' | null {
  const isValueDue = expected === 'value' || expected === 'value or ]'
  switch (code) {
    case 0x3a: // :
      return expected === ':' ? 'value' : null
    case 0x2c: // ,
      if (expected !== ', or end') return null
      return inside === OBJECT ? 'key' : 'value'
    case 0x7d: // }
      return expected === 'key or }' || (expected === ', or end' && inside === OBJECT) ? 'value ends' : null
    case 0x5d: // ]
      return expected === 'value or ]' || (expected === ', or end' && inside === ARRAY) ? 'value ends' : null
    case 0x7b: // {
    case 0x5b: // [
      return isValueDue ? 'open' : null
    case QUOTE:
      if (expected === 'key' || expected === 'key or }') return ':'
      return isValueDue ? 'value ends' : null
    default:
      return isValueDue ? 'value ends' : null
  }
}

/** Behind the token at `from`; -1 where there is none. */
function endOfToken(text: string, from: number, code: number): number {
  if (code === QUOTE) return endOfString(text, from + 1)
  if (code === 0x2c || code === 0x3a || code === 0x7b || code === 0x7d || code === 0x5b || code === 0x5d)
    return from + 1
  const word = words.get(code)
  if (word !== undefined) return text.startsWith(word, from) ? from + word.length : -1
  return endOfNumber(text, from)
}

/** By hand: a regular expression takes ten times as long where there are millions. */
function endOfNumber(text: string, from: number): number {
  const first = text.charCodeAt(from) === 0x2d ? from + 1 : from
  const whole = text.charCodeAt(first) === 0x30 ? first + 1 : endOfDigits(text, first)
  if (whole === first) return -1
  let end = whole
  if (text.charCodeAt(end) === 0x2e) {
    const digits = endOfDigits(text, end + 1)
    if (digits === end + 1) return end
    end = digits
  }
  const exponent = text.charCodeAt(end)
  if (exponent !== 0x65 && exponent !== 0x45) return end
  const sign = text.charCodeAt(end + 1)
  const begin = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1
  const digits = endOfDigits(text, begin)
  return digits === begin ? end : digits
}

function endOfDigits(text: string, from: number): number {
  let at = from
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) at++
  return at
}

/** Behind the closing quote; -1 where the string is cut, or has in it what none may have. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code < 0x20) return -1
    if (code !== BACKSLASH) continue
    const escaped = text[++at] ?? ''
    if (escaped === 'u') {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) return -1
      at += 4
    } else if (escaped === '' || !'"\\/bfnrt'.includes(escaped)) return -1
  }
  return -1
}

function placeOf(text: string, position: number): { line: number; column: number } {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return { line, column: position - lineStart + 1 }
}
