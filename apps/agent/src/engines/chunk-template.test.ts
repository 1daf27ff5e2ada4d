import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkTemplate } from './chunk-template.ts'

type Shape = { name: 'text' | 'content'; usage: 'none' | 'null' | 'before' | 'behind'; spaced: boolean; more: object }

const shape: fc.Arbitrary<Shape> = fc.record({
  name: fc.constantFrom('text', 'content'),
  usage: fc.constantFrom('none', 'null', 'before', 'behind'),
  spaced: fc.boolean(),
  // What some engine may say beside: names and values that look like those which are read.
  more: fc.dictionary(
    fc.constantFrom('id', 'text', 'content', 'total_tokens', 'x'),
    fc.oneof(fc.jsonValue(), fc.nat()),
  ),
})
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\n', '"', '\\', ' a', '","text":"'),
)
const said = fc.record({ text, tokens: fc.nat(2_000_000_000), total: fc.integer() })
type Said = { text: string; tokens: number; total: number }

function dataOf({ name, usage, spaced, more }: Shape, { text, tokens, total }: Said): string {
  const says = name === 'text' ? { text } : { delta: { content: text } }
  const counted = usage === 'null' ? null : { prompt_tokens: 7, total_tokens: total, completion_tokens: tokens }
  const choices = [{ index: 0, ...says, logprobs: null, finish_reason: null }]
  const ordered =
    usage === 'before' ? { usage: counted, choices } : { choices, ...(usage !== 'none' && { usage: counted }) }
  const json = JSON.stringify({ ...more, ...ordered, end: more })
  return spaced ? json.replaceAll('":', '": ') : json
}

/** An engine that says something odd is misread by nobody. */
test('what a template reads is what the parser reads', () => {
  let read = 0
  fc.assert(
    fc.property(shape, said, fc.array(said, { minLength: 1, maxLength: 5 }), (of, first, others) => {
      const template = ChunkTemplate.of(dataOf(of, first))
      for (const other of [first, ...others]) {
        const data = dataOf(of, other)
        const chunk = template?.read(data)
        if (!chunk) continue
        read += 1
        expect(chunk).toStrictEqual(JSON.parse(data))
      }
    }),
    { numRuns: 2_000 },
  )
  expect(read).toBeGreaterThan(1_000)
})

test('text that was changed anywhere is read as the parser reads it, or not at all', () => {
  const edit = fc.record({
    at: fc.nat(),
    length: fc.nat(3),
    by: fc.oneof(
      fc.constantFrom('"', '\\', '0', '00', '1.5', 'e3', '-', ' ', '\t', '\n', '}', '\u2028'),
      fc.string({ maxLength: 4 }),
    ),
  })
  fc.assert(
    fc.property(shape, said, fc.array(edit, { minLength: 1, maxLength: 3 }), (of, first, edits) => {
      const template = ChunkTemplate.of(dataOf(of, first))
      let data = dataOf(of, first)
      for (const { at, length, by } of edits)
        data = data.slice(0, at % data.length) + by + data.slice((at % data.length) + length)
      const chunk = template?.read(data)
      if (chunk) expect(chunk).toStrictEqual(JSON.parse(data))
    }),
    { numRuns: 5_000 },
  )
})

test.each([
  ['says the text twice', '{"choices":[{"index":0,"delta":{"content":"a","content":"b"}}]}'],
  ['says it where it does not count', '{"x":{"content":"b"},"choices":[{"index":0,"delta":{"content":"b"}}]}'],
  ['has two choices', '{"choices":[{"delta":{"content":"b"}},{"delta":{"content":"c"}}]}'],
  ['ends', '{"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}'],
  ['counts twice', '{"choices":[{"text":"b"}],"usage":{"completion_tokens":1,"completion_tokens":2}}'],
  ['has log-probabilities', '{"choices":[{"text":"b","logprobs":{"tokens":["b"]}}]}'],
])('a chunk that %s makes no template', (_name, data) => {
  expect(ChunkTemplate.of(data)).toBeNull()
})

test.each([
  ['a count with a zero before it', '{"choices":[{"text":"b"}],"usage":{"completion_tokens":07}}'],
  ['a count that is no whole number', '{"choices":[{"text":"b"}],"usage":{"completion_tokens":7.5}}'],
  ['no count', '{"choices":[{"text":"b"}],"usage":{"completion_tokens":}}'],
  ['an escape', '{"choices":[{"text":"\\u0062"}],"usage":{"completion_tokens":7}}'],
  ['a line break', '{"choices":[{"text":"\n"}],"usage":{"completion_tokens":7}}'],
  ['something behind', '{"choices":[{"text":"b"}],"usage":{"completion_tokens":7}} '],
  ['an end too early', '{"choices":[{"text":"b"}],"usage":{"completion_tokens":7'],
])('%s is left to the parser', (_name, data) => {
  const template = ChunkTemplate.of('{"choices":[{"text":"a"}],"usage":{"completion_tokens":6}}')
  expect(template?.read('{"choices":[{"text":"b"}],"usage":{"completion_tokens":7}}')).toBeDefined()
  expect(template?.read(data)).toBeUndefined()
})
