import { expect, test } from 'vitest'
import { leaseOver, leaseTransitions, type LeaseStatus } from './lease.ts'

const statuses = Object.keys(leaseTransitions) as LeaseStatus[]

/** Money: what was given back once is not given back again. */
test('a lease that is over absorbs everything', () => {
  expect(statuses.filter(leaseOver)).toEqual(['stopped', 'expired', 'failed'])
})

test('every state that is not over leads to an end', () => {
  const leadsOut = (from: LeaseStatus, seen: LeaseStatus[] = []): boolean =>
    leaseOver(from) ||
    Object.values(leaseTransitions[from]).some((to) => !seen.includes(to) && leadsOut(to, [...seen, from]))
  expect(statuses.filter((status) => !leadsOut(status))).toEqual([])
})

test('its engine is metered in one state alone, and that is reached through provisioning', () => {
  const into = statuses.filter((from) => Object.values(leaseTransitions[from]).includes('running'))
  expect(into).toEqual(['provisioning'])
})
