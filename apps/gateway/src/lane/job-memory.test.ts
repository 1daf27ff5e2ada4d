/** A job that was answered is never run again: whatever is forgotten is refused, not guessed. */
import type { DispatchResponse } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { JobMemory } from './job-memory.ts'

const answer = (text: string): DispatchResponse => ({
  outcome: 'answered',
  httpStatus: 200,
  answer: text,
  message: null,
})

test('answers are kept by bytes, and that a job was answered is known without its answer', () => {
  const memory = new JobMemory({ jobsMax: 100, answersBytesMax: 64_000 })
  memory.beginAt(0)
  for (let i = 0; i < 50; i++) {
    memory.began(`req_${i}`, 0, i)
    memory.answered(`req_${i}`, answer('x'.repeat(2_000)), i)
  }
  expect(memory.answerOf('req_0')).toBeUndefined()
  expect(memory.answerOf('req_49')).toMatchObject({ outcome: 'answered' })
  expect(memory.knows('req_0', 0)).toBe('finished')
  memory.answered('req_huge', answer('x'.repeat(20_000)), 60)
  expect(memory.answerOf('req_huge')).toBeUndefined()
  expect(memory.knows('req_huge', 60)).toBe('finished')
})

test('a job from before what is remembered is unknown, a new one and a later one are not', () => {
  const memory = new JobMemory({ jobsMax: 3, answersBytesMax: 1_000 })
  memory.beginAt(100)
  expect(memory.knows('req_old', 99)).toBe('unknown')
  expect(memory.knows('req_new', null)).toBe('new')
  expect(memory.knows('req_waiting', 100)).toBe('new')
  for (let i = 0; i < 5; i++) memory.began(`req_${i}`, 0, 100 + i)
  expect(memory.knows('req_0', 100)).toBe('unknown')
  expect(memory.knows('req_1', 101)).toBe('unknown')
  expect(memory.knows('req_2', 102)).toBe('begun')
  expect(memory.knows('req_other', 103)).toBe('new')
})

test('nothing is known before a journal was read or begun', () => {
  expect(new JobMemory().knows('req_a', 5)).toBe('unknown')
})

test('a checkpoint and what follows it restore what was known, attempt numbers too', () => {
  const before = new JobMemory()
  before.beginAt(10)
  before.began('req_a', 0, 11)
  before.began('req_a', 1, 12)
  before.answered('req_b', answer('b'), 13)
  const after = new JobMemory()
  after.began('req_c', 0, 9)
  after.restore(JSON.parse(JSON.stringify(before.record())) as ReturnType<JobMemory['record']>)
  after.began('req_a', 2, 14)
  expect(after.nextAttempt('req_a')).toBe(3)
  expect(after.knows('req_b', 13)).toBe('finished')
  expect(after.knows('req_c', 9)).toBe('begun')
  expect(after.knows('req_z', 9)).toBe('unknown')
  expect(after.knows('req_z', 10)).toBe('new')
})
