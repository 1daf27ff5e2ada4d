/** A lease goes where its organisation's own price of time says: nearness and price in one decision, inside its policy. */
import { replayDecision } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { RENTAL_MODEL, rentalMarket, rentalNode, type RentalNode } from '../testing/rental-market.ts'
import { chooseNode } from './choose-node.ts'

const nodeOf = (name: string, usdPerGpuHour: number, rttMs: number, barred?: 'checks' | 'stake') =>
  rentalNode(name, usdPerGpuHour, { rttMs, ...(barred && { barred }) })

async function chosen(nodes: RentalNode[], routing: unknown = {}, gatewayCountry = 'DE') {
  const found = await chooseNode(rentalMarket(nodes, { routing, gatewayCountry }), {
    id: 'lease_0000000a',
    orgId: 'org_1',
    model: RENTAL_MODEL,
    gpus: 1,
    perGpuHourMaxMicroUsd: 100_000_000n,
  })
  if ('reason' in found) return found.reason
  expect(replayDecision(found.record).differences).toEqual([])
  return found.state.name
}

test('of equal prices the nearest; a cheaper one further away by what a second is worth to its organisation', async () => {
  const near = nodeOf('near', 2, 5)
  const far = nodeOf('far', 2, 150)
  expect(await chosen([far, near])).toBe('near')
  // 0.1 USD an hour is 28 µUSD a second; 145 ms are 145 µUSD to a balanced policy, and 29 µUSD where price is all.
  const cheaper = nodeOf('cheaper', 1.85, 150)
  expect(await chosen([cheaper, near], { sort: 'balanced' })).toBe('near')
  expect(await chosen([cheaper, near], { sort: 'price' })).toBe('cheaper')
  expect(await chosen([nodeOf('cheap', 0.5, 150), near], { sort: 'balanced' })).toBe('cheap')
})

test('the round trip of a gateway outside the residency says nothing, and the policy holds', async () => {
  const near = nodeOf('near', 2, 5)
  const cheaper = nodeOf('cheaper', 1.85, 150)
  expect(await chosen([cheaper, near], { regions: ['DE'] }, 'US')).toBe('cheaper')
  expect(await chosen([cheaper, near], { regions: ['DE'] }, 'DE')).toBe('near')
  expect(await chosen([cheaper, near], { regions: ['FR'] })).toMatch(/routing policy allows none/)
  expect(await chosen([cheaper, near], { exclude: ['node_near'] })).toBe('cheaper')
})

/** Whoever has little to lose yet gets no work that lasts for hours. */
test('a node whose provider’s stake is being withheld is not leased until it is full', async () => {
  const near = nodeOf('near', 2, 5, 'stake')
  expect(await chosen([near, nodeOf('far', 2, 150)])).toBe('far')
  expect(await chosen([near])).toBe(
    'Every node that would do takes requests and no leases until its provider’s stake is full.',
  )
})

/** What was shown to cheat sells nothing until it is shown to be right. */
test('a node whose checks have failed is not leased', async () => {
  const near = nodeOf('near', 2, 5, 'checks')
  expect(await chosen([near, nodeOf('far', 2, 150)])).toBe('far')
  expect(await chosen([near])).toBe('Every node that would do takes no new work: a check of it has failed.')
})
