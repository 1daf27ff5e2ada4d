import { expect, test } from 'vitest'
import { trustAfter, type HardwareClaim, type StandingVerdict } from './trust-after.ts'

const gpus = [{ name: 'NVIDIA H200', count: 2, memoryMib: 143_771, uuids: ['GPU-a', 'GPU-b'] }]
const cpu: HardwareClaim = {
  simulated: false,
  gpuClass: 'CPU',
  inventory: { hardware: 'EPYC (64 cores)', gpus: [] },
  region: 'eu-de',
  sharesHost: false,
}
const h200: HardwareClaim = { ...cpu, gpuClass: 'H200', inventory: { hardware: '2 × NVIDIA H200', gpus } }

const bytes32 = `0x${'11'.repeat(32)}`
const matmul = (computed?: object, correct = true) => ({
  reports: [
    {
      report: {
        kind: 'matmul',
        witness: { witness: `0x${'22'.repeat(20)}`, name: 'w', place: { latitude: 0, longitude: 0 } },
        nodeId: bytes32,
        atMs: 1,
        nonce: bytes32,
        order: 256,
        elapsedUs: 1,
        commitment: bytes32,
        signature: null,
        correct,
        ...(computed && { computed }),
      },
      signature: '0x',
    },
  ],
})
const helper = (...devices: string[]) => matmul({ by: 'helper', devices })

function standing(change: Record<string, Partial<StandingVerdict> | null> = {}): StandingVerdict[] {
  const all: Record<string, StandingVerdict['inputs']> = {
    gpu_uuids: { uuids: [] },
    matmul: matmul({ by: 'portable', devices: [] }),
    sharing: { declared: false, rounds: [] },
    region: { region: 'eu-de' },
  }
  return Object.entries({ ...all, ...Object.fromEntries(Object.keys(change).map((kind) => [kind, all[kind] ?? {}])) })
    .filter(([kind]) => change[kind] !== null)
    .map(([kind, inputs]) => ({
      kind: kind as StandingVerdict['kind'],
      verdict: 'valid' as const,
      inputs,
      simulated: false,
      ...change[kind],
    }))
}
const ofGpus = (devices: string[] = ['NVIDIA H200', 'NVIDIA H200 141GB HBM3e'], uuids = ['GPU-b', 'GPU-a']) =>
  standing({ gpu_uuids: { inputs: { uuids } }, matmul: { inputs: helper(...devices) } })
const model = (verdict: StandingVerdict['verdict']): StandingVerdict => ({
  kind: 'model',
  verdict,
  inputs: {},
  simulated: false,
})

test('a CPU node whose checks all stand is challenged, with the model that it serves or without one', () => {
  expect(trustAfter(cpu, standing(), null)).toBe('challenged')
  expect(trustAfter(cpu, standing(), model('valid'))).toBe('challenged')
})

/** Each missing, run out, simulated or disproved check on its own. */
test('one check that does not stand leaves it claimed, and so does any that is invalid', () => {
  for (const kind of ['gpu_uuids', 'matmul', 'sharing', 'region']) {
    expect(trustAfter(cpu, standing({ [kind]: null }), null), kind).toBe('claimed')
    expect(trustAfter(cpu, standing({ [kind]: { verdict: 'invalid' } }), null), kind).toBe('claimed')
    expect(trustAfter(cpu, standing({ [kind]: { simulated: true } }), null), kind).toBe('claimed')
  }
  expect(trustAfter(cpu, standing({ metering: { verdict: 'invalid' } }), null)).toBe('claimed')
  expect(trustAfter(cpu, standing(), model('unverifiable'))).toBe('claimed')
  expect(trustAfter({ ...cpu, simulated: true }, standing(), null)).toBe('claimed')
})

test('a verdict counts for what it was judged by: not for another region, nor for terms that declared a shared host', () => {
  expect(trustAfter({ ...cpu, region: 'us-east' }, standing(), null)).toBe('claimed')
  expect(trustAfter({ ...cpu, sharesHost: true }, standing(), null)).toBe('claimed')
  expect(trustAfter({ ...cpu, sharesHost: true }, standing({ sharing: { inputs: { declared: true } } }), null)).toBe(
    'challenged',
  )
})

/** GPUs stand only where the node's helper names as many of that class as it claims. */
test('GPUs that nobody computed on are claimed: the agent’s own code, too few, another class, other UUIDs', () => {
  expect(trustAfter(h200, ofGpus(), null)).toBe('challenged')
  expect(trustAfter(h200, ofGpus(['NVIDIA H200']), null)).toBe('claimed')
  expect(trustAfter(h200, ofGpus(['NVIDIA H200', 'CPU, NumPy']), null)).toBe('claimed')
  expect(trustAfter(h200, ofGpus(['NVIDIA A100', 'NVIDIA A100']), null)).toBe('claimed')
  expect(trustAfter(h200, ofGpus(undefined, ['GPU-a', 'GPU-c']), null)).toBe('claimed')
  expect(trustAfter(h200, ofGpus(undefined, []), null)).toBe('claimed')
  for (const inputs of [
    matmul(),
    matmul({ by: 'portable', devices: ['NVIDIA H200', 'NVIDIA H200'] }),
    {},
    { reports: [] },
  ]) {
    const verdicts = standing({ gpu_uuids: { inputs: { uuids: ['GPU-a', 'GPU-b'] } }, matmul: { inputs } })
    expect(trustAfter(h200, verdicts, null)).toBe('claimed')
  }
})

/** A label is a claim too: who writes GPUs on a CPU is challenged as nothing. */
test('a label that speaks of GPUs which were not detected is never challenged', () => {
  const labelled = { hardware: '8 × NVIDIA H200', gpus: [] }
  expect(trustAfter({ ...cpu, inventory: labelled, gpuClass: 'H200' }, standing(), null)).toBe('claimed')
  expect(trustAfter({ ...cpu, inventory: { hardware: 'an H200', gpus: [] }, gpuClass: 'H200' }, standing(), null)).toBe(
    'claimed',
  )
  for (const hardware of ['8 × NVIDIA H200', '8x NVIDIA H200', ' 8*H200', 'NVIDIA H200 x8', 'H200 × 8']) {
    expect(trustAfter({ ...h200, inventory: { hardware, gpus } }, ofGpus(), null), hardware).toBe('claimed')
  }
  expect(trustAfter({ ...cpu, inventory: { hardware: 'a CPU, x86', gpus: [] } }, standing(), null)).toBe('challenged')
})
