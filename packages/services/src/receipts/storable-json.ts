/**
 * Journal text as JSON that Postgres can store: NUL and lone surrogates, which an engine may emit inside an answer and
 * which `jsonb` refuses, become U+FFFD. Signed fields are hex and numbers, so nothing signed ever changes.
 */
const SUSPECT = /\\u(?:0000|[dD][89a-fA-F])/

export function parseStorableJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return SUSPECT.test(text) || text.includes('\0') || !text.isWellFormed() ? storable(value) : value
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\u{FFFD}')
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storable(item)]))
}
