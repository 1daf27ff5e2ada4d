import { expect, test } from 'vitest'
import { hasEvidence } from './has-evidence.ts'

test('a verdict has evidence where something was measured, and none where only words decided', () => {
  expect(hasEvidence('gpu_uuids', { uuids: ['GPU-1'], count: 1 })).toBe(true)
  expect(hasEvidence('gpu_uuids', { uuids: [], count: 0 })).toBe(false)
  expect(hasEvidence('sharing', { rounds: [{}], declared: false })).toBe(true)
  expect(hasEvidence('sharing', { rounds: [], declared: true })).toBe(false)
  expect(hasEvidence('matmul', { reports: [{ report: { commitment: '0x12' } }] })).toBe(true)
  expect(hasEvidence('matmul', { reports: [{ report: { commitment: null } }] })).toBe(false)
  expect(hasEvidence('region', { reports: [{ report: { minRttUs: 12 } }] })).toBe(true)
  expect(hasEvidence('region', { reports: [{ report: { minRttUs: null } }] })).toBe(false)
  expect(hasEvidence('model', { trials: [{}] })).toBe(true)
  expect(hasEvidence('model', { trials: [] })).toBe(false)
  expect(hasEvidence('metering', { receipts: 1, overstated: 0 })).toBe(true)
  expect(hasEvidence('metering', { receipts: 0, overstated: 0 })).toBe(false)
  for (const kind of ['gpu_uuids', 'matmul', 'sharing', 'region', 'model', 'metering'] as const) {
    expect(hasEvidence(kind, null)).toBe(false)
  }
})
