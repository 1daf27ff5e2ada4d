import { expect, test } from 'vitest'
import { gpuClassOf } from './gpu-class.ts'

const gpu = (name: string, count = 8) => ({ name, count, memoryMib: 1, uuids: [] })

test.each([
  [[gpu('NVIDIA H200 141GB HBM3e')], 'x', 'H200'],
  [[gpu('NVIDIA H100 80GB HBM3', 1), gpu('NVIDIA B200', 8)], 'x', 'B200'],
  [[gpu('NVIDIA GH200 480GB')], 'x', 'GH200'],
  [[gpu('NVIDIA L40S')], 'x', 'L40S'],
  [[gpu('NVIDIA GeForce RTX 4090')], 'one of 4090', 'GPU'],
  [[], '8 × NVIDIA H200 (simulated)', 'H200'],
  [[], 'AMD EPYC 7B13 (2 cores)', 'CPU'],
])('the class of %j, %s is %s', (gpus, hardware, expected) => {
  expect(gpuClassOf({ gpus, hardware })).toBe(expected)
})
