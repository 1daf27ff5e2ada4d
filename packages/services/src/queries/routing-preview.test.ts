/** A preview leaves out what placement would leave out. */
import { manualClock } from '@isochrone/domain'
import { expect, test } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { routingPreview } from './routing-preview.ts'

const id = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const prices = {
  inMicroUsdPerMtok: '1',
  cachedMicroUsdPerMtok: '1',
  outMicroUsdPerMtok: '1',
  inMicroUsdPerGb: '0',
  outMicroUsdPerGb: '0',
}
const row = (n: number) => ({
  id: `node_${n}`,
  nodeId: id(n),
  name: `Node ${n}`,
  status: 'active',
  providerId: id(100 + n),
  provider: { name: 'Provider' },
  region: 'eu-de',
  country: 'DE',
  failureDomain: `rack-${n}`,
  gpuClass: 'H200',
  tier: 'cloud',
  trust: 'claimed',
  dataPolicy: 'any',
  terms: { values: {}, document: { prices } },
})

test('a node is excluded by the id that people see, by its key or by its provider', async () => {
  const deps = {
    store: { providers: { nodes: async () => [row(1), row(2)] } },
    live: { nodes: async () => new Map() },
    clock: manualClock(),
  } as unknown as ControlPlaneDeps
  for (const excluded of ['node_1', id(1), id(101)]) {
    const { nodes } = await routingPreview(deps, { routing: { exclude: [excluded] } })
    expect(Object.fromEntries(nodes.map((node) => [node.id, node.out]))).toEqual({
      node_1: 'excluded',
      node_2: 'offline',
    })
  }
})
