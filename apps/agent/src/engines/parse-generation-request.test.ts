import { expect, test } from 'vitest'
import { parseGenerationRequest } from './parse-generation-request.ts'

const parse = (seed: unknown) =>
  parseGenerationRequest('chat', { model: 'm', messages: [{ role: 'user', content: 'x' }], seed }).generation.seed

test('a seed is any integer of 64 bits, and no other number', () => {
  expect([parse(7), parse(2 ** 63 - 1024), parse(-(2 ** 63)), parse(null)]).toEqual([
    7,
    2 ** 63 - 1024,
    -(2 ** 63),
    undefined,
  ])
  expect(() => parse(1.5)).toThrow('seed: expected an integer')
})
