import { expect, test } from 'vitest'
import { prefixHashesFor, PREFIX_BLOCK_BYTES } from './prompt-head.ts'
import { sessionOf } from './session-of.ts'

test('a session is named by the field, else by the header, and a bad name is refused', () => {
  expect(sessionOf(undefined, undefined)).toBeNull()
  expect(sessionOf(null, '')).toBeNull()
  expect(sessionOf('a', 'b')).toBe('a')
  expect(sessionOf(undefined, 'b')).toBe('b')
  expect(() => sessionOf(5, 'b')).toThrow('prompt_cache_key')
  expect(() => sessionOf(undefined, 'x'.repeat(257))).toThrow('x-session-id')
})

test('short prompts of one session look alike, those of two sessions or organisations do not', () => {
  const one = prefixHashesFor('Hi', 'org_1', 'chat-1')
  expect(one).toHaveLength(1)
  expect(prefixHashesFor('And then?', 'org_1', 'chat-1')).toEqual(one)
  expect(prefixHashesFor('Hi', 'org_1', 'chat-2')).not.toEqual(one)
  expect(prefixHashesFor('Hi', 'org_2', 'chat-1')).not.toEqual(one)
  expect(prefixHashesFor('Hi', 'org_1')).toEqual([])
})

test('a prompt that is long enough tells by itself', () => {
  const long = 'x'.repeat(PREFIX_BLOCK_BYTES)
  expect(prefixHashesFor(long, 'org_1', 'chat-1')).toEqual(prefixHashesFor(long, 'org_1'))
})
