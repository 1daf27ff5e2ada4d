import { Command } from 'commander'
import { expect, test } from 'vitest'
import { whole } from './whole-number.ts'

test('a whole number inside its limits is read, and nothing else', () => {
  expect([whole(1, 20)('1'), whole(1, 20)('20'), whole(0)('9007199254740991')]).toEqual([1, 20, 2 ** 53 - 1])
  for (const text of ['0', '21', '1.5', '', ' ', 'x', '1x', 'Infinity']) {
    expect(() => whole(1, 20)(text)).toThrow('a whole number from 1 to 20 is expected.')
  }
  expect(() => whole(1)('9007199254740992')).toThrow('a whole number from 1 is expected.')
  expect(() => whole(0)('')).toThrow('from 0 is expected')
})

test('commander takes the refusal for its own', () => {
  const command = new Command('bench').exitOverride().configureOutput({ writeErr: (text) => void said.push(text) })
  const said: string[] = []
  command.option('--rounds <n>', 'rounds', whole(1, 20))
  expect(() => command.parse(['--rounds', '21'], { from: 'user' })).toThrow('rounds')
  expect(said.join('')).toBe(
    "error: option '--rounds <n>' argument '21' is invalid. a whole number from 1 to 20 is expected.\n",
  )
})
