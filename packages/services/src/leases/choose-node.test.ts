/** A lease goes where its organisation's own price of time says: nearness and price in one decision, inside its policy. */
import { bytes32Of, type NodeLiveness, type NodeState } from '@isochrone/protocol'
import { replayDecision } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { makeTerms, noPromises } from '../providers/terms.ts'
import { chooseNode } from './choose-node.ts'

const NOW_MS = 1_700_000_000_000
const GATEWAY = 'http://127.0.0.1:1'
const tokenPrices = {
  inMicroUsdPerMtok: '1',
  cachedMicroUsdPerMtok: '1',
  outMicroUsdPerMtok: '1',
  inMicroUsdPerGb: '0',
  outMicroUsdPerGb: '0',
}

function nodeOf(name: string, usdPerGpuHour: number, rttMs: number | null) {
  const document = {
    version: 3,
    nodeName: name,
    region: 'local',
    country: 'DE',
    simulated: false,
    sharedHost: false,
    tier: 'regional',
    dataPolicy: 'any',
    gpus: 8,
  } as const
  const terms = makeTerms({
    providerId: bytes32Of('provider'),
    prices: {
      inMicroUsdPerMtok: 1n,
      cachedMicroUsdPerMtok: 1n,
      outMicroUsdPerMtok: 1n,
      inMicroUsdPerGb: 0n,
      outMicroUsdPerGb: 0n,
    },
    promises: noPromises,
    document,
    perGpuHourMicroUsd: BigInt(Math.round(usdPerGpuHour * 1e6)),
  })
  const state: NodeState = {
    kind: 'node',
    nodeId: bytes32Of(name),
    id: `node_${name}`,
    name,
    providerId: bytes32Of('provider'),
    providerName: 'p',
    providerOrgId: 'org_p',
    active: true,
    termsHash: terms.hash,
    terms: terms.values,
    termsDocument: { ...document },
    prices: tokenPrices,
    region: 'local',
    failureDomain: name,
    country: 'DE',
    simulated: false,
    gpuClass: 'H200',
    trust: 'claimed',
    dataPolicy: 'any',
    tier: 'regional',
  }
  const live: NodeLiveness = {
    nodeId: state.nodeId,
    lane: bytes32Of('lane'),
    gatewayUrl: GATEWAY,
    seenAtMs: NOW_MS,
    linkedSinceMs: 0,
    hardware: 'H200',
    models: [{ model: 'm', modelHash: bytes32Of('m'), contextTokensMax: 8_192, quantisation: 'fp8', simulated: false }],
    concurrencyMax: 8,
    activeStreams: 0,
    queuedStreams: 0,
    rttMs,
    simulatedRttMs: null,
    ttftP50Ms: null,
    ttftP95Ms: null,
    tokensPerSecond: null,
    estimate: null,
  }
  return { state, live }
}

async function chosen(nodes: ReturnType<typeof nodeOf>[], routing: unknown = {}, country = 'DE') {
  const found = await chooseNode(
    {
      leases: { takenGpus: async () => new Map() },
      fleet: {
        nodes: async () => ({
          states: nodes.map(({ state }) => state),
          liveness: new Map(nodes.map(({ state, live }) => [state.nodeId, live])),
        }),
        routing: async () => routing,
        gateways: async () => [{ url: GATEWAY, country, region: 'x' }],
      },
      nowMs: NOW_MS,
    },
    { id: 'lease_0000000a', orgId: 'org_1', model: 'm', gpus: 1, perGpuHourMaxMicroUsd: 100_000_000n },
  )
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
