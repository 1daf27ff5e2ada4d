import { mergeRouting, type RoutingPolicy } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { createFairLines } from './fair-lines.ts'

const plain = mergeRouting({})
const german: RoutingPolicy = { ...plain, regions: ['DE'] }
const room = { waitersMax: 100, perTenantMax: 10 }
const FOREVER = Number.POSITIVE_INFINITY

test('who can be placed passes the one of its own organisation who cannot', () => {
  const lines = createFairLines<string>(room)
  lines.push('a', german, 'german', 10, FOREVER)
  lines.push('a', plain, 'plain', 10, FOREVER)
  expect(lines.pop(0, (item) => item !== 'german')?.item).toBe('plain')
  expect(lines.pop(0, (item) => item !== 'german')).toBeUndefined()
  expect(lines.pop(0)?.item).toBe('german')
})

/** Else an organisation could have as many turns as it can think of policies. */
test('an organisation that asks for many kinds of place gets no more turns than one that asks for one', () => {
  const lines = createFairLines<string>(room)
  for (let i = 0; i < 8; i++) lines.push('many', { ...plain, regions: [`r${i}`] }, `many ${i}`, 10, FOREVER)
  for (let i = 0; i < 8; i++) lines.push('one', plain, `one ${i}`, 10, FOREVER)
  const order = Array.from({ length: 16 }, () => lines.pop(0)?.item.split(' ')[0])
  for (let served = 2; served <= 16; served += 2) {
    expect(order.slice(0, served).filter((name) => name === 'many')).toHaveLength(served / 2)
  }
})

test('what was served without waiting counts too, and the lines of one organisation have one bound', () => {
  const lines = createFairLines<string>(room)
  lines.charge('a', 1_000, 1_000)
  lines.push('b', plain, 'b', 10, FOREVER)
  lines.push('a', german, 'a', 10, FOREVER)
  expect(lines.pop(0)?.item).toBe('b')
  for (let i = 0; i < 9; i++) lines.push('a', i % 2 === 0 ? plain : german, 'more', 1, FOREVER)
  expect(lines.push('a', { ...plain, regions: ['FR'] }, 'more', 1, FOREVER)).toBe('full')
})
