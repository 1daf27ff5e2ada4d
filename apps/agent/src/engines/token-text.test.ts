import fc from 'fast-check'
import type { Token } from 'node-llama-cpp'
import { expect, test } from 'vitest'
import { TokenText } from './token-text.ts'

/** A vocabulary of single bytes: the worst case for characters of several bytes. */
const bytes = { detokenize: (tokens: readonly Token[]) => Buffer.from(tokens).toString('utf8') }

test('characters that span tokens come out whole and nothing is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const assembler = new TokenText(bytes)
      const pieces = [...Buffer.from(text, 'utf8')].map((byte) => assembler.push(byte as Token))
      expect(pieces.join('') + assembler.flush()).toBe(Buffer.from(text, 'utf8').toString('utf8'))
      expect(pieces.every((piece) => text.includes('\uFFFD') || !piece.includes('\uFFFD'))).toBe(true)
    }),
  )
})

test('bytes that never become a character are not held for ever', () => {
  const assembler = new TokenText(bytes)
  const pieces = Array.from({ length: 20 }, () => assembler.push(0x80 as Token))
  expect(pieces.join('').length).toBeGreaterThan(0)
})
