import { readFileSync } from 'node:fs'
import {
  appendFile,
  copyFile,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { ZeroedAhead } from '@isochrone/runtime'
import { afterAll, expect, test, vi } from 'vitest'
import { AppendLog } from './append-log.ts'

const MIB = 1024 * 1024
const directory = await mkdtemp(join(tmpdir(), 'isochrone-append-log-'))
afterAll(() => rm(directory, { recursive: true }))

/** Opens the log at `path` and resolves with it and its lines. */
async function opened(path: string): Promise<{ log: AppendLog; lines: unknown[] }> {
  const lines: unknown[] = []
  return { log: await AppendLog.open(path, (line) => lines.push(line)), lines }
}

const textOf = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

test('lines keep their order under load, and a closed log refuses more instead of losing them', async () => {
  const path = join(directory, 'order.jsonl')
  const log = await AppendLog.open(path, () => {})
  await Promise.all(Array.from({ length: 500 }, (_, i) => log.append(i)))
  await log.close()
  const lines = (await readFile(path, 'utf8')).trim().split('\n').map(Number)
  expect(lines).toEqual(Array.from({ length: 500 }, (_, i) => i))
  await expect(log.append(1)).rejects.toThrow('closed')
  await expect(log.append(2)).rejects.toThrow('closed')
})

test('a line that nobody waits for goes to the disk soon all the same, in its order, and at the latest with the end', async () => {
  const path = join(directory, 'soon.jsonl')
  const log = await AppendLog.open(path, () => {})
  const linesOf = async () =>
    (await readFile(path, 'utf8')).split('\n').filter((line) => line.replaceAll('\0', '') !== '')
  await log.appendSoon(1)
  expect(await linesOf()).toEqual(['1'])
  const soon = log.appendSoon(2)
  await log.append(3)
  await soon
  expect(await linesOf()).toEqual(['1', '2', '3'])
  const last = log.appendSoon(4)
  await log.close()
  await last
  expect(await linesOf()).toEqual(['1', '2', '3', '4'])
  await expect(log.appendSoon(5)).rejects.toThrow('closed')
})

test('where many lines are waited for, syncs are spaced, and shared', async () => {
  const { log } = await opened(join(directory, 'busy.jsonl'))
  await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(n)))
  const writes = vi.spyOn(ZeroedAhead.prototype, 'before')
  const fromMs = performance.now()
  const appended: Promise<void>[] = []
  for (let round = 0; round < 60; round++) {
    for (let n = 0; n < 8; n++) appended.push(log.append({ round, n }))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(appended)
  // 4 ms apart, by a timer that counts whole milliseconds.
  expect(writes.mock.calls.length).toBeLessThanOrEqual((performance.now() - fromMs) / 3 + 1)
  writes.mockRestore()
  await log.close()
})

/** The file is read in pieces, because it outgrows any string; lines and letters lie across their borders. */
test('a long log is read whole, and only its torn end is cut', async () => {
  const path = join(directory, 'long.jsonl')
  const lines = Array.from({ length: 9 }, (_, n) => JSON.stringify({ n, text: '€'.repeat(100_000 + n) }))
  await appendFile(path, `${lines.join('\n')}\n{"torn":"€`)
  const seen: unknown[] = []
  const log = await AppendLog.open(path, (value) => seen.push(value))
  expect(seen.map((value) => JSON.stringify(value))).toEqual(lines)
  await log.append('next')
  await log.close()
  expect(await readFile(path, 'utf8')).toBe(`${lines.join('\n')}\n"next"\n`)
})

test('a log that was killed has zeros behind its lines: it goes on where those end, and gives the room back', async () => {
  const [path, killed] = [join(directory, 'room.jsonl'), join(directory, 'killed.jsonl')]
  const { log } = await opened(path)
  for (const n of [1, 2, 3]) await log.append({ n })
  await copyFile(path, killed)
  await log.close()
  const lines = [{ n: 1 }, { n: 2 }, { n: 3 }]
  expect(await readFile(path, 'utf8')).toBe(textOf(lines))
  expect((await stat(killed)).size).toBe(MIB)
  const first = await opened(killed)
  expect(first.lines).toEqual(lines)
  await first.log.append({ n: 4 })
  await first.log.close()
  expect(await readFile(killed, 'utf8')).toBe(textOf([...lines, { n: 4 }]))
  // Half a line is torn, and zeros take its place.
  await writeFile(path, Buffer.concat([Buffer.from(`${textOf(lines)}{"n":`), Buffer.alloc(3 * MIB, 'x')]))
  const torn = await opened(path)
  expect(torn.lines).toEqual(lines)
  const room = readFileSync(path).subarray(Buffer.byteLength(textOf(lines)))
  expect(room.equals(Buffer.alloc(MIB))).toBe(true)
  await torn.log.append({ n: 5 })
  await torn.log.close()
  expect(await readFile(path, 'utf8')).toBe(textOf([...lines, { n: 5 }]))
})

test('whatever is appended while room is made is read back', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(2_000), fc.nat(2 * MIB)), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (lengths, atOnce) => {
      const path = join(directory, 'sizes.jsonl')
      await rm(path, { force: true })
      const { log } = await opened(path)
      const values = lengths.map((length, n) => ({ n, text: 'x'.repeat(length) }))
      if (atOnce) await Promise.all(values.map((value) => log.append(value)))
      else for (const value of values) await log.append(value)
      await log.close()
      expect((await readFile(path, 'utf8')) === textOf(values)).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test('on a slow disk a line waits for the room that is being made where it would go', async () => {
  const path = join(directory, 'slow.jsonl')
  const { log } = await opened(path)
  let made = () => {}
  const making = new Promise<void>((resolve) => (made = resolve))
  vi.spyOn(ZeroedAhead.prototype, 'before').mockImplementationOnce(async function slowly(this: ZeroedAhead, toByte) {
    await making
    await this.before(toByte)
  })
  const appended = log.append({ n: 1 })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(readFileSync(path).equals(Buffer.alloc(MIB))).toBe(true)
  made()
  await appended
  await log.close()
  expect(await readFile(path, 'utf8')).toBe(textOf([{ n: 1 }]))
})

test('no more than one write of 1 MiB is under way: what a crash of the machine may tear has a bound', async () => {
  const path = join(directory, 'bound.jsonl')
  const { log } = await opened(path)
  const appended = Array.from({ length: 6 }, (_, n) => log.append({ n, text: 'x'.repeat(500_000) }))
  await appended[0]
  // Two are synced then, and the next two may be written.
  const written = readFileSync(path, 'latin1').split('\n').length - 1
  expect(written).toBeGreaterThanOrEqual(2)
  expect(written).toBeLessThanOrEqual(4)
  await Promise.all(appended)
  await log.close()
  const again = await opened(path)
  expect(again.lines).toHaveLength(6)
  await again.log.close()
})

/** A disk may write the pages of one sync in any order, and lose its power between two. */
test('of a write that the machine lost its power in, whole lines are kept and torn ones are emptied', async () => {
  const value = fc.record({ n: fc.nat(), text: fc.string({ unit: 'grapheme', maxLength: 900 }) })
  const sectorBytes = 512
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 5 }),
      fc.array(value, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.boolean()),
      async (synced, torn, isLost) => {
        const path = join(directory, 'power.jsonl')
        const whole = Buffer.from(textOf([...synced, ...torn]))
        const syncedBytes = Buffer.byteLength(textOf(synced))
        const endOf = (at: number) => Math.min(whole.length, Math.max(at + sectorBytes, syncedBytes))
        for (let at = 0; at < whole.length; at += sectorBytes) {
          if (isLost.next().value) whole.fill(0, Math.max(at, syncedBytes), endOf(at))
        }
        await writeFile(path, Buffer.concat([whole, Buffer.alloc(3 * sectorBytes)]))
        const { log, lines } = await opened(path)
        expect(lines.slice(0, synced.length)).toEqual(synced)
        const kept = lines.slice(synced.length).map((line) => JSON.stringify(line))
        const wasWritten = torn.map((line) => JSON.stringify(line))
        let from = 0
        for (const line of kept) {
          const at = wasWritten.indexOf(line, from)
          expect(at).toBeGreaterThanOrEqual(from)
          from = at + 1
        }
        // What is torn never looks like damage later, when much follows it.
        const later = { n: 0, text: 'x'.repeat(MIB) }
        await log.append(later)
        await log.append({ n: 1 })
        await log.close()
        const again = await opened(path)
        expect(again.lines).toEqual([...lines, later, { n: 1 }])
        await again.log.close()
      },
    ),
    { numRuns: 150 },
  )
})

test('zeros further back than one write are damage, and stop the start: the log is evidence', async () => {
  const path = join(directory, 'zeros.jsonl')
  const values = Array.from({ length: 3_000 }, (_, n) => ({ n, text: 'x'.repeat(500) }))
  const bytes = Buffer.from(textOf(values))
  const damaged = Buffer.from(bytes)
  damaged.fill(0, 1_000, 1_512)
  await writeFile(path, damaged)
  await expect(AppendLog.open(path, () => {})).rejects.toThrow('damaged')
  expect((await readFile(path)).equals(damaged)).toBe(true)
})

/** A line that is on the disk in a file whose name is not there is lost with it. */
test.skipIf(process.platform === 'win32')(
  'the name of a new log is on the disk before anything is appended',
  async () => {
    const home = await mkdtemp(join(directory, 'named-'))
    const handle = await open(home, 'r')
    const prototype = Object.getPrototypeOf(handle) as FileHandle
    await handle.close()
    const synced: string[][] = []
    const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function recorded(this: FileHandle) {
      if ((await this.stat()).isDirectory()) synced.push(await readdir(home))
      return await this.datasync()
    })
    try {
      const { log } = await opened(join(home, 'new.jsonl'))
      expect(synced).toEqual([['new.jsonl']])
      await log.close()
    } finally {
      spy.mockRestore()
    }
  },
)
