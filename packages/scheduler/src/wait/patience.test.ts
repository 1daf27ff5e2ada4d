import { expect, test } from 'vitest'
import { PATIENCE_MS, patienceLeftMs } from './patience.ts'

test('who named an SLO waits to the end of it and no longer, everybody else as long as anybody may', () => {
  expect(patienceLeftMs({ admission: 'slack', ttftSloMs: 700 }, 0)).toBe(700)
  expect(patienceLeftMs({ admission: 'slack', ttftSloMs: 700 }, 650)).toBe(50)
  expect(patienceLeftMs({ admission: 'slack', ttftSloMs: 700 }, 900)).toBe(0)
  expect(patienceLeftMs({ admission: 'slack', ttftSloMs: 60_000 }, 0)).toBe(PATIENCE_MS)
  expect(patienceLeftMs({ admission: 'capacity', ttftSloMs: 700 }, 900)).toBe(PATIENCE_MS - 900)
  expect(patienceLeftMs({ admission: 'slack', ttftSloMs: 700 }, 0, 200)).toBe(200)
})
