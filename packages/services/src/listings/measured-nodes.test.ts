import { expect, test } from 'vitest'
import { ownFirstTokenMs } from './measured-nodes.ts'
import { rentableUnits } from './rentable-units.ts'
import type { DetectedModel, DetectedNode } from '../queries/views/detected-node.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`
const report = { hashOf: 'file', fileName: null, fileBytes: null, memoryMib: null } as const
const model = (name: string, answer: NonNullable<DetectedModel['report']>['answer'] | 'unsaid'): DetectedModel => ({
  model: name,
  modelHash: hash('1'),
  quantisation: 'fp8',
  contextTokensMax: 8_192,
  simulated: false,
  report: answer === 'unsaid' ? null : { ...report, answer },
})
const node = (models: DetectedModel[] | null) => ({ models }) as DetectedNode

/** A promise holds for every model of the node: the slowest says whether it can be kept. */
test('a node’s own first token is that of the slowest chosen model that has answered', () => {
  const models = [model('a', { firstTokenMs: 90 }), model('b', { firstTokenMs: 400 }), model('c', { error: 'no' })]
  const chosen = (...names: string[]) => ({
    engine: 'vLLM' as const,
    models: names.map((name) => ({ model: name, modelHash: hash('1') })),
  })
  expect(ownFirstTokenMs(node(models), undefined)).toBe(400)
  expect(ownFirstTokenMs(node(models), chosen('a', 'c'))).toBe(90)
  expect(ownFirstTokenMs(node(models), chosen('c'))).toBeNull()
  expect(ownFirstTokenMs(node(models), { ...chosen('b'), models: [{ model: 'b', modelHash: hash('2') }] })).toBeNull()
  expect(ownFirstTokenMs(node([model('a', null), model('b', 'unsaid')]), undefined)).toBeNull()
  expect(ownFirstTokenMs(node(null), undefined)).toBeNull()
  expect(ownFirstTokenMs(null, undefined)).toBeNull()
})

test('a machine is rented by its GPUs, and one without any as one place', () => {
  const gpu = (count: number) => ({ name: 'H200', count, memoryMib: 1, uuids: [] })
  expect([rentableUnits({ gpus: [gpu(2), gpu(3)] }), rentableUnits({ gpus: [gpu(80)] })]).toEqual([5, 64])
  expect([rentableUnits({ gpus: [] }), rentableUnits(undefined)]).toEqual([1, 1])
})
