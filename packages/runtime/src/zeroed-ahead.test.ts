import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { ZeroedAhead } from './zeroed-ahead.ts'

const MIB = 1024 * 1024
const root = mkdtempSync(join(tmpdir(), 'zeroed-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let counter = 0
const fresh = () => join(root, String(counter++))

/** Writes `part` behind `fileBytes` as a journal does; resolves with where it ends. */
async function append(file: FileHandle, room: ZeroedAhead, fileBytes: number, part: Buffer): Promise<number> {
  await room.before(fileBytes + part.length)
  await file.write(part, 0, part.length, fileBytes)
  room.after(fileBytes + part.length)
  return fileBytes + part.length
}

test('room is there before it is needed, as zeros, and never beyond the limit', async () => {
  const path = fresh()
  writeFileSync(path, 'before')
  const file = await open(path, 'r+')
  const room = new ZeroedAhead(file, 6, 3 * MIB)
  room.after(6)
  await room.settled()
  expect(statSync(path).size).toBe(6 + MIB)
  let end = await append(file, room, 6, Buffer.alloc(100, 'x'))
  await room.settled()
  expect(statSync(path).size).toBe(6 + MIB)
  end = await append(file, room, end, Buffer.alloc(MIB / 2, 'y'))
  await room.settled()
  expect(statSync(path).size).toBe(6 + 2 * MIB)
  for (let i = 0; i < 3; i++) {
    end = await append(file, room, end, Buffer.alloc(MIB / 2, 'z'))
    await room.settled()
  }
  expect(statSync(path).size).toBe(3 * MIB)
  expect(
    readFileSync(path)
      .subarray(end)
      .every((byte) => byte === 0),
  ).toBe(true)
  await file.close()
})

test('whatever is written while room is made is read back', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(2_000), fc.nat(3 * MIB)), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(sizes, async (lengths) => {
      const path = fresh()
      const file = await open(path, 'wx+')
      const room = new ZeroedAhead(file, 0, 8 * MIB)
      const parts = lengths.map((length, i) => Buffer.alloc(length, i + 1))
      let end = 0
      for (const part of parts) end = await append(file, room, end, part)
      await room.settled()
      const whole = readFileSync(path)
      expect(whole.subarray(0, end).equals(Buffer.concat(parts))).toBe(true)
      expect(whole.subarray(end).every((byte) => byte === 0)).toBe(true)
      await file.close()
      rmSync(path)
    }),
    { numRuns: 25 },
  )
})

test('a file that takes no zeros grows as any does', async () => {
  const path = fresh()
  writeFileSync(path, '')
  const readOnly = await open(path, 'r')
  const room = new ZeroedAhead(readOnly, 0, MIB)
  room.after(0)
  await room.settled()
  expect(room.before(10)).toBeUndefined()
  room.after(10)
  await room.settled()
  expect(statSync(path).size).toBe(0)
  await readOnly.close()
})
