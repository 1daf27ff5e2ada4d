import { expect, test } from 'vitest'
import type { ModelStep } from './listing-draft.ts'
import { modelStanding } from './model-standing.ts'
import type { DetectedModel, DetectedNode } from '../queries/views/detected-node.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`
const build = { model: 'qwen3-32b', modelHash: hash('1') }
const step: ModelStep = { engine: 'llama.cpp', models: [build] }
type Report = NonNullable<DetectedModel['report']>

/** A node of 16 GiB whose agent answers for the build, but for what a test changes. */
function node(
  report: Partial<Report> = {},
  served: Partial<DetectedModel> = {},
  changed: Partial<DetectedNode> = {},
): DetectedNode {
  const whole: Report = {
    hashOf: 'file',
    fileName: 'qwen.gguf',
    fileBytes: 8_000_000_000,
    memoryMib: 12_000,
    answer: { firstTokenMs: 90 },
    ...report,
  }
  return {
    id: 'node_1',
    nodeId: hash('2'),
    status: 'joining',
    hardware: 'CPU',
    cpuModel: 'EPYC',
    cpuCores: 8,
    memoryMib: 16_384,
    gpuClass: 'CPU',
    gpus: [],
    os: 'Linux',
    agentVersion: '0.1.0',
    rentable: 1,
    models: [{ ...build, quantisation: 'gguf', contextTokensMax: 8_192, simulated: false, report: whole, ...served }],
    engine: { name: 'llama.cpp', version: 'b6000', concurrencyMax: 4 },
    ...changed,
  }
}

test('what the agent answers for is done, and names engine and version', () => {
  expect(modelStanding(step, node())).toMatchObject({
    state: 'done',
    text: 'llama.cpp b6000 answers for qwen3-32b.',
    fix: null,
    models: [{ ...build, state: 'done' }],
  })
})

test('nothing chosen is open, and an agent that is not there yet is waited for', () => {
  expect(modelStanding(undefined, node())).toMatchObject({ state: 'open', models: [] })
  expect(modelStanding(step, null)).toMatchObject({ state: 'waiting', models: [{ state: 'waiting' }] })
  expect(modelStanding(step, node({}, {}, { models: null, engine: null })).state).toBe('waiting')
  expect(modelStanding(step, node({ answer: null })).state).toBe('waiting')
})

test.each([
  [
    'another engine',
    node({}, {}, { engine: { name: 'vLLM', version: null, concurrencyMax: 4 } }),
    'The agent runs vLLM',
    'Choose vLLM here',
  ],
  ['an agent that says no engine', node({}, {}, { engine: null }), 'does not say which engine', 'start it again'],
  ['another model', node({}, { model: 'other' }), 'does not serve qwen3-32b', '--model-id qwen3-32b'],
  ['another build', node({}, { modelHash: hash('3') }), 'another build of qwen3-32b: 0x33333333…', 'Choose the build'],
  ['no report', node({}, { report: null }), 'does not report on qwen3-32b', 'Start the agent again'],
  ['a hash of the name', node({ hashOf: 'name' }), 'its hash is of the name alone', '--model-hash'],
  ['too little memory', node({ memoryMib: 16_385 }), 'takes 16.0 GiB with 4 requests', '--capacity'],
  [
    'an engine that fails',
    node({ answer: { error: 'connect ECONNREFUSED' } }),
    'does not answer for qwen3-32b: connect ECONNREFUSED',
    'asks it again',
  ],
])('%s fails, and says the fix', (_, seen, text, fix) => {
  const standing = modelStanding(step, seen)
  expect(standing).toMatchObject({ state: 'failed' })
  expect(standing.text).toContain(text)
  expect(standing.fix).toContain(fix)
})

test('exactly as much memory as there is fits', () => {
  expect(modelStanding(step, node({ memoryMib: 16_384 })).state).toBe('done')
})

/** One that fails is not hidden behind one that is merely slow to come. */
test('of several models the one that fails speaks for all', () => {
  const two: ModelStep = { engine: 'llama.cpp', models: [build, { model: 'other', modelHash: hash('4') }] }
  const standing = modelStanding(two, node({ answer: null }))
  expect(standing).toMatchObject({ state: 'failed', text: 'The agent does not serve other.' })
  expect(standing.models.map(({ state }) => state)).toEqual(['waiting', 'failed'])
})
