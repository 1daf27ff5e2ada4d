import { expect, test } from 'vitest'
import { keptTextProblem } from './kept-text.ts'

test('a text is as long as its bytes in UTF-8, and is kept up to 64 KiB', () => {
  expect(keptTextProblem('a'.repeat(65_536))).toBeUndefined()
  expect(keptTextProblem('a'.repeat(65_537))).toBe('65,537 bytes; at most 65,536 are kept.')
  expect(keptTextProblem('é'.repeat(32_768))).toBeUndefined()
  expect(keptTextProblem('é'.repeat(32_769))).toBe('65,538 bytes; at most 65,536 are kept.')
})
