import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rewriteBody } from './rewrite-body.ts'

const rewrite = (text: string, changes: Record<string, string | null>) =>
  Buffer.from(rewriteBody(Buffer.from(text), new Map(Object.entries(changes)))).toString()

test('what is not named stays byte for byte, numbers and spaces included', () => {
  const text = ' {"seed": 12345678901234567890.0 , "routing" : {"regions":["DE"]},"model":"m:price", "x":"}\\"]"} '
  expect(rewrite(text, { routing: null, model: '"m"' })).toBe(
    ' {"seed": 12345678901234567890.0,"model":"m","x":"}\\"]"} ',
  )
  expect(rewrite('{"\\u0072outing":1,"routing":[2]}', { routing: null })).toBe('{}')
  expect(rewrite('{}', { routing: null })).toBe('{}')
})

test('for any object it means what deleting and setting the member means', () => {
  const key = fc.oneof(fc.constantFrom('routing', 'model', 'a', 'b"\\c'), fc.string())
  const space = fc.constantFrom('', ' ', 2, '\t')
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue()), space, (object, indent) => {
      const expected: Record<string, unknown> = Object.assign(Object.create(null), object)
      delete expected['routing']
      if ('model' in expected) expected['model'] = 'new'
      const found = rewrite(JSON.stringify(object, null, indent), { routing: null, model: '"new"' })
      expect(JSON.parse(found)).toEqual(JSON.parse(JSON.stringify(expected)))
    }),
  )
})
