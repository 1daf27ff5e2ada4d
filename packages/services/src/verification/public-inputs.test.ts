import { expect, test } from 'vitest'
import { checkGpuUuids } from './checks/check-gpu-uuids.ts'
import { checkMetering } from './checks/check-metering.ts'
import { checkModel } from './checks/check-model.ts'
import { checkSharing } from './checks/check-sharing.ts'
import { publicInputs } from './public-inputs.ts'

/** Who knows a UUID can name it in a node of its own and put its owner in doubt. */
test('GPUs are counted and not named', () => {
  const { kind, inputs } = checkGpuUuids(
    { uuids: ['GPU-5e1f0c6a-0000'], count: 1 },
    { namedEarlier: [], namedLater: [] },
  )
  expect(publicInputs(kind, inputs)).not.toMatch(/5e1f0c6a/i)
  expect(JSON.parse(publicInputs(kind, inputs))).toEqual({ count: 1, namedEarlier: 0, namedLater: 0 })
})

/** Who knows one request that a replay was bought with can tell the next one by who pays for it. */
test('a replay says how often answers agreed and not which requests bought them', () => {
  const trials = [
    { requestId: 'req_secret_1', agreed: true },
    { requestId: 'req_secret_2', agreed: false },
  ]
  const { kind, inputs } = checkModel({ modelHash: '0x12', trials })
  expect(publicInputs(kind, inputs)).not.toContain('secret')
  expect(JSON.parse(publicInputs(kind, inputs))).toMatchObject({ modelHash: '0x12', good: 1, bad: 1 })
})

test('all that the other checks were judged by is there, in the order in which it is read', () => {
  const counts = checkMetering({ receipts: 20, overstated: 1 })
  expect(JSON.parse(publicInputs(counts.kind, counts.inputs))).toEqual(counts.inputs)
  const aloneUs = { own: [10, 10], other: [10, 10] } as const
  const usualUs = { own: 10, other: null }
  const shared = checkSharing({ rounds: [{ aloneUs, togetherUs: 20 }], usualUs, declared: false })
  expect(JSON.parse(publicInputs(shared.kind, shared.inputs))).toEqual(shared.inputs)
  const reports = [{ report: { nonce: '0x1' }, signature: '0x2' }]
  expect(JSON.parse(publicInputs('matmul', { reports }))).toEqual({ reports })
  const placed = { region: 'eu-de', place: null, reports }
  expect(JSON.parse(publicInputs('region', { ...placed, nodeId: '0x3' }))).toEqual(placed)
})

test('what nobody meant to show is not shown: unknown kinds and fields, and what is no object', () => {
  expect(publicInputs('matmul', { reports: [], other: 'provider-7' })).toBe('{\n "reports": []\n}')
  for (const [kind, inputs] of [
    ['seance', { reports: [] }],
    ['toString', { reports: [] }],
    ['matmul', null],
    ['matmul', 'text'],
  ] as const) {
    expect(publicInputs(kind, inputs)).toBe('{}')
  }
})

test('what is long is cut, and says so', () => {
  const text = publicInputs('matmul', { reports: Array.from({ length: 10_000 }, () => 'x') })
  expect(text.length).toBeLessThan(8_100)
  expect(text.endsWith('… cut')).toBe(true)
})
