/** What people type in the playground passes no process outside the residency of the organisation that holds the key. */
import { expect, test } from 'vitest'
import { apiKeyHash } from './api-keys.ts'
import { relayGateways } from './relay-gateways.ts'

const gatewayUrls = ['http://us.test/', 'http://de.test', 'http://unsaid.test', 'http://fr.test']
const rows = [
  { lane: '1', url: 'http://us.test', region: 'us', country: 'US' },
  { lane: '2', url: 'http://de.test/', region: 'fra', country: 'DE' },
  { lane: '3', url: 'http://unsaid.test', region: 'x', country: '' },
  { lane: '4', url: 'http://elsewhere.test', region: 'fra', country: 'DE' },
]
const routingOf: Record<string, object> = { free: {}, german: { regions: ['DE'] }, swiss: { regions: ['CH'] } }

const gatewaysFor = (country: string | undefined, orgId: string, secret: string | null = null) =>
  relayGateways(
    {
      gatewayUrls,
      ...(country !== undefined && { webPlace: { country, region: '' } }),
      store: {
        accounts: { settings: async (id) => ({ routing: routingOf[id] }) as never },
        apiKeys: { orgOfHash: async (hash) => (hash === apiKeyHash('iso_of-the-germans') ? 'german' : null) },
        control: { gateways: async () => rows },
      },
    },
    { orgId, secret },
  )

test('without a residency every gateway may have it; with one, those of this marketplace inside it', async () => {
  expect(await gatewaysFor(undefined, 'free')).toEqual(gatewayUrls)
  expect(await gatewaysFor('DE', 'german')).toEqual(['http://de.test'])
})

test('a web process outside, or of which nobody said where it is, passes nothing on', async () => {
  await expect(gatewaysFor('US', 'german')).rejects.toThrow(/forbidden: .* in US, outside/)
  await expect(gatewaysFor(undefined, 'german')).rejects.toThrow('a country that nobody stated')
  await expect(gatewaysFor('CH', 'swiss')).rejects.toThrow('No gateway that this page can reach')
})

test('a pasted key brings the residency of its own organisation', async () => {
  expect(await gatewaysFor('DE', 'free', 'iso_of-the-germans')).toEqual(['http://de.test'])
  await expect(gatewaysFor('US', 'free', 'iso_of-the-germans')).rejects.toThrow('forbidden')
  await expect(gatewaysFor('US', 'german', 'iso_of-nobody')).rejects.toThrow('forbidden')
})
