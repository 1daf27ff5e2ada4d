import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StopMatcher } from './stop-matcher.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 40 })
const stop = fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 1, maxLength: 4 })

function run(pieces: readonly string[], stops: readonly string[]) {
  const matcher = new StopMatcher(stops)
  let text = ''
  for (const piece of pieces) {
    const result = matcher.push(piece)
    text += result.text
    if (result.stopped) return { text, stopped: true }
  }
  return { text: text + matcher.flush(), stopped: false }
}

/** The answer must not depend on where the engine happened to cut it into tokens. */
test('a single stop string cuts the text at its first place, however the text came', () => {
  fc.assert(
    fc.property(letters, stop, fc.array(fc.nat(40), { maxLength: 6 }), (text, only, cuts) => {
      const edges = [...new Set([0, ...cuts.filter((cut) => cut < text.length), text.length])].toSorted((a, b) => a - b)
      const pieces = edges.slice(1).map((edge, i) => text.slice(edges[i], edge))
      const at = text.indexOf(only)
      expect(run(pieces, [only])).toEqual({ text: at < 0 ? text : text.slice(0, at), stopped: at >= 0 })
    }),
  )
})

test('no stop string is ever let through, with several of them', () => {
  fc.assert(
    fc.property(letters, fc.array(stop, { maxLength: 4 }), (text, stops) => {
      const result = run(text.split(''), stops)
      for (const each of stops) expect(result.text).not.toContain(each)
      expect(text.startsWith(result.text)).toBe(true)
      expect(result.stopped || result.text === text).toBe(true)
    }),
  )
})
