import { expect, test } from 'vitest'
import { PromptTokens } from './prompt-tokens.ts'

function after(thoughts: number, cachedOf: (thought: number, index: number) => number): PromptTokens {
  const prompts = new PromptTokens()
  for (let index = 0; index < thoughts; index++) prompts.learn(10_000, cachedOf(10_000, index))
  return prompts
}

test('a prompt counts whole until caches have held for a while what they were thought to hold', () => {
  expect(after(0, () => 0).told(12_000, 10_000)).toBe(12_000)
  expect(after(5, (thought) => thought).told(12_000, 10_000)).toBe(12_000)
  expect(after(50, (thought) => thought).told(12_000, 10_000)).toBe(2_000)
})

test('one in eight that was thrown out since is enough to count prompts whole, and believed again later', () => {
  const prompts = after(200, (thought, index) => (index % 8 === 0 ? 0 : thought))
  expect(prompts.told(12_000, 10_000)).toBe(12_000)
  for (let index = 0; index < 100; index++) prompts.learn(10_000, 10_000)
  expect(prompts.told(12_000, 10_000)).toBe(2_000)
})

test('what is no count teaches nothing, and short beginnings that all prompts share little', () => {
  const prompts = after(50, () => 0)
  for (const [thought, cached] of [
    [Number.NaN, 1],
    [1, Number.NaN],
    [Infinity, Infinity],
    [0, 0],
    [-1, 5],
  ] as const)
    prompts.learn(thought, cached)
  for (let index = 0; index < 100; index++) prompts.learn(100, 100)
  expect(prompts.told(12_000, 10_000)).toBe(12_000)
})
