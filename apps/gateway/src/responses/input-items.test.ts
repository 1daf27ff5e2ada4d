/** What a response was asked with is told as it was understood: asked again with its input items, it is the same request. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inputItemsOf } from './input-items.ts'
import { messagesOfInput } from './input-messages.ts'

const text = fc.string()
const inputPart = fc.oneof(
  fc.record({ type: fc.constant('input_text'), text }),
  fc.record({
    type: fc.constant('input_image'),
    image_url: fc.webUrl(),
    detail: fc.constantFrom('low', 'high', 'auto'),
  }),
  fc.record({ type: fc.constant('input_file'), file_data: text, filename: text }),
)
const item = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'system', 'developer'), content: text }),
  fc.record({
    role: fc.constantFrom('user', 'developer'),
    content: fc.array(inputPart, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.array(fc.record({ type: fc.constant('output_text'), text }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('function_call'), call_id: text, name: text, arguments: text }),
  fc.record({ type: fc.constant('function_call_output'), call_id: text, output: text }),
)
const instructions = fc.oneof(fc.constant(null), text, fc.array(item, { maxLength: 2 }))

test('the items of a request, sent as its input, make the same request again', () => {
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), instructions, (input, told) => {
      // A call right behind one that the instructions end with is part of their last message.
      fc.pre(!('type' in (input[0] ?? {}) && Array.isArray(told) && told.length > 0))
      const messages = messagesOfInput(input, told)
      const job = { id: `job_${'1'.repeat(32)}`, body: { messages }, source: { echo: { instructions: told } } }
      const items = inputItemsOf(job)
      expect(textsOf(messagesOfInput(items, told))).toEqual(textsOf(messages))
      expect(new Set(items.map(({ id }) => id)).size).toBe(items.length)
      // Asked again they have the same ids.
      expect(inputItemsOf(job)).toEqual(items)
    }),
  )
})

/** One text and a list of that one text are the same to say. */
const textsOf = (messages: readonly Record<string, unknown>[]) =>
  messages.map((message) => {
    const { content } = message
    return { ...message, content: typeof content === 'string' ? [{ type: 'text', text: content }] : content }
  })
