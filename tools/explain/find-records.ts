/**
 * Finds recorded placements in a text: one JSON value or JSON lines; the record itself, or any answer that carries it,
 * such as that of the API with `x-isochrone-explain: 1` (`isochrone.placement`) or a stream of `data:` lines. A record that
 * carries the request's other decisions (`earlier`, `later`) stands among them in the order in which they were made.
 */
const DEPTH_MAX = 8

/** Throws with one sentence when the text is no JSON; an empty list when it has no record. */
export function findRecords(text: string): unknown[] {
  return valuesIn(text).flatMap((value) => recordsIn(value, DEPTH_MAX))
}

function valuesIn(text: string): unknown[] {
  try {
    return [JSON.parse(text)]
  } catch (error) {
    const lines = text
      .split('\n')
      .map((line) => line.trim().replace(/^data:\s*/, ''))
      .filter((line) => line !== '' && line !== '[DONE]')
    const [first] = lines
    if (first === undefined) throw new Error('it is empty', { cause: error })
    return lines.map((line, index) => {
      try {
        return JSON.parse(line) as unknown
      } catch (cause) {
        const where = lines.length > 1 ? `line ${index + 1}: ` : ''
        throw new Error(`${where}${(cause as SyntaxError).message}`, { cause })
      }
    })
  }
}

function recordsIn(value: unknown, depth: number): unknown[] {
  if (typeof value !== 'object' || value === null || depth === 0) return []
  if ('engineVersion' in value && 'prngState' in value) {
    const { earlier, later } = value as { earlier?: unknown; later?: unknown }
    return [...recordsIn(earlier, depth - 1), value, ...recordsIn(later, depth - 1)]
  }
  return Object.values(value).flatMap((inner) => recordsIn(inner, depth - 1))
}
