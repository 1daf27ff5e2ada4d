import { expect, test } from 'vitest'
import { createRecentRecords } from './recent-records.ts'

const record = (index: number, bytes = 100) => ({ index, kind: 'local' as const, payload: Buffer.alloc(bytes) })

test('holds the newest records within its bytes, by their numbers, and nothing that was not written', () => {
  const recent = createRecentRecords(1_000)
  expect(recent.at(7)).toBeUndefined()
  for (let index = 7; index < 5_000; index++) {
    recent.push(record(index))
    expect(recent.at(index)?.index).toBe(index)
    expect(recent.at(index + 1)).toBeUndefined()
    const oldest = Math.max(7, index - 9)
    expect(recent.at(oldest)?.index).toBe(oldest)
    expect(recent.at(oldest - 1)).toBeUndefined()
  }
  recent.push(record(5_000, 2_000))
  expect(recent.at(5_000)).toBeUndefined()
  recent.push(record(5_001))
  expect(recent.at(5_001)?.index).toBe(5_001)
})
