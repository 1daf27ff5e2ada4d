import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Journal, OpenJournalOptions } from './journal.ts'
import { openJournal } from './open-journal.ts'

const root = mkdtempSync(join(tmpdir(), 'journal-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let counter = 0
const freshDir = () => join(root, String(counter++))

async function contents(journal: Journal, from = 1): Promise<{ index: number; kind: string; value: unknown }[]> {
  const out = []
  for await (const { index, kind, payload } of journal.read(from)) {
    out.push({ index, kind, value: JSON.parse(payload.toString()) as unknown })
  }
  return out
}

const reopened = async (options: OpenJournalOptions) => {
  const journal = await openJournal(options)
  const records = await contents(journal)
  return { journal, records }
}

test('what was durable is read back in order, across restarts and segments, and numbering goes on', async () => {
  const options = { dir: freshDir(), segmentBytesMax: 300, gatherMs: 0 }
  for (const start of [0, 20, 40]) {
    const journal = await openJournal(options)
    for (let i = start; i < start + 20; i++) {
      const { index, durable } = journal.append(i % 3 ? 'published' : 'local', { i, text: 'é'.repeat(i) })
      expect(index).toBe(i + 1)
      await durable
    }
    await journal.close()
  }
  const { journal, records } = await reopened(options)
  expect(records.map(({ index }) => index)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
  expect(records[7]).toEqual({ index: 8, kind: 'published', value: { i: 7, text: 'é'.repeat(7) } })
  expect(readdirSync(options.dir).length).toBeGreaterThan(5)
  expect((await contents(journal, 42)).map(({ index }) => index)).toEqual(Array.from({ length: 19 }, (_, i) => i + 42))
  await journal.close()
})

test('records appended together share one fsync', async () => {
  const commits: number[] = []
  const journal = await openJournal({ dir: freshDir(), onCommit: (_, records) => void commits.push(records) })
  await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append('local', i).durable))
  expect(commits).toEqual([500])
  expect(journal.lastIndex).toBe(500)
  await journal.close()
})

test('records that come together are each read back, however large they are together', async () => {
  const dir = freshDir()
  const journal = await openJournal({ dir })
  const values = [1, 200_000, 3, 150_000, 5].map((length, i) => `${i}${'é'.repeat(length)}`)
  await Promise.all(values.map((value) => journal.append('published', value).durable))
  expect((await contents(journal)).map(({ value }) => value)).toEqual(values)
  await journal.close()
  const again = await reopened({ dir })
  expect(again.records.map(({ value }) => value)).toEqual(values)
  await again.journal.close()
})

test('a tail torn at any byte costs only the record it is in, and its bytes are kept beside', async () => {
  const dir = freshDir()
  const journal = await openJournal({ dir })
  for (const value of ['first', 'second', 'third']) await journal.append('published', value).durable
  await journal.close()
  const name = readdirSync(dir)[0] ?? ''
  const whole = readFileSync(join(dir, name))
  const ends = [8 + 1 + 7, 8 + 1 + 7 + 8 + 1 + 8, whole.length]
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    const copy = freshDir()
    mkdirSync(copy)
    writeFileSync(join(copy, name), whole.subarray(0, bytes))
    const { journal: torn, records } = await reopened({ dir: copy })
    const survived = ends.filter((end) => end <= bytes).length
    expect(records.map(({ value }) => value)).toEqual(['first', 'second', 'third'].slice(0, survived))
    expect(torn.append('local', 'next').index).toBe(survived + 1)
    await torn.close()
    const again = await reopened({ dir: copy })
    expect(again.records.length).toBe(survived + 1)
    await again.journal.close()
    const tail = whole.subarray(
      [0, ...ends].findLast((end) => end <= bytes),
      bytes,
    )
    // Of a length that begins with zeros nothing is worth keeping.
    const isKept = tail.some((byte) => byte !== 0)
    expect(isKept || tail.length < 4).toBe(true)
    expect(readdirSync(copy).some((file) => file.startsWith('torn-'))).toBe(isKept)
  }
})

test('garbage or zeros after the last record are cut off, whatever they are', async () => {
  const dir = freshDir()
  const journal = await openJournal({ dir })
  await journal.append('published', { receipt: 1 }).durable
  await journal.close()
  const name = readdirSync(dir)[0] ?? ''
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(60).map((n) => new Uint8Array(n + 1)),
      ),
      async (tail) => {
        const copy = freshDir()
        mkdirSync(copy)
        copyFileSync(join(dir, name), join(copy, name))
        appendFileSync(join(copy, name), tail)
        const { journal: opened, records } = await reopened({ dir: copy })
        expect(records).toEqual([{ index: 1, kind: 'published', value: { receipt: 1 } }])
        await opened.close()
        rmSync(copy, { recursive: true })
      },
    ),
    { numRuns: 40 },
  )
})

test('a journal that was killed has zeros behind its records: it goes on there, and keeps nothing beside', async () => {
  const dir = freshDir()
  const told: number[] = []
  const options = { dir, onTornTail: (_file: string, bytes: number) => void told.push(bytes) }
  const journal = await openJournal(options)
  for (let i = 0; i < 3; i++) await journal.append('published', `record ${i}`).durable
  const killed = freshDir()
  cpSync(dir, killed, { recursive: true })
  await journal.close()
  const name = readdirSync(killed)[0] ?? ''
  const recordsBytes = statSync(join(dir, name)).size
  expect(statSync(join(killed, name)).size).toBeGreaterThan(recordsBytes)
  const { journal: opened, records } = await reopened({ ...options, dir: killed })
  expect(records.map(({ value }) => value)).toEqual(['record 0', 'record 1', 'record 2'])
  expect(opened.append('local', 'next').index).toBe(4)
  await opened.close()
  expect(told).toEqual([])
  expect(readdirSync(killed)).toEqual([name])
  // What is half a record before the zeros is torn, and kept without them.
  const bytes = readFileSync(join(dir, name))
  writeFileSync(join(dir, name), Buffer.concat([bytes.subarray(0, recordsBytes - 2), Buffer.alloc(5_000)]))
  const torn = await reopened(options)
  expect(torn.records).toHaveLength(2)
  await torn.journal.close()
  const lastBytes = 8 + 1 + '"record 2"'.length
  expect(told).toEqual([lastBytes - 2])
  const kept = readdirSync(dir).find((file) => file.startsWith('torn-')) ?? ''
  expect(statSync(join(dir, kept)).size).toBe(lastBytes - 2)
})

test('a crash in the middle of a rotation leaves room in the full segment: nothing is missing', async () => {
  const dir = freshDir()
  const options = { dir, segmentBytesMax: 60 }
  const journal = await openJournal(options)
  for (let i = 0; i < 8; i++) await journal.append('published', `record ${i}`).durable
  await journal.close()
  const [first = '', second = ''] = readdirSync(dir).toSorted()
  expect(second).not.toBe('')
  appendFileSync(join(dir, first), Buffer.alloc(300_000))
  const { journal: opened, records } = await reopened(options)
  expect(records).toHaveLength(8)
  await opened.close()
})

test('damage before the last segment, or a missing one, stops the start instead of losing receipts', async () => {
  const dir = freshDir()
  const options = { dir, segmentBytesMax: 20 }
  const journal = await openJournal(options)
  for (let i = 0; i < 5; i++) await journal.append('published', `record ${i}`).durable
  await journal.close()
  const names = readdirSync(dir).toSorted()
  expect(names.length).toBeGreaterThan(2)
  const middle = join(dir, names[1] ?? '')
  const bytes = readFileSync(middle)
  truncateSync(middle, bytes.length - 1)
  await expect(openJournal(options)).rejects.toThrow('damaged')
  rmSync(middle)
  await expect(openJournal(options)).rejects.toThrow('damaged')
  writeFileSync(middle, bytes)
  const { journal: healed, records } = await reopened(options)
  expect(records.length).toBe(5)
  await healed.close()
})

test('one process at a time, and the lock is free as soon as the first one closes', async () => {
  const dir = freshDir()
  const journal = await openJournal({ dir })
  await expect(openJournal({ dir })).rejects.toThrow('Another gateway')
  await journal.close()
  await (await openJournal({ dir })).close()
})

test('only old segments below the floor are forgotten, and reading goes on behind them', async () => {
  const dir = freshDir()
  const journal = await openJournal({ dir, segmentBytesMax: 20, retainMs: 60_000 })
  for (let i = 0; i < 6; i++) await journal.append('published', `record ${i}`).durable
  await journal.forgetBelow(5)
  expect(journal.firstIndex).toBe(1)
  for (const name of readdirSync(dir)) utimesSync(join(dir, name), new Date(0), new Date(0))
  await journal.forgetBelow(5)
  expect(journal.firstIndex).toBe(1)
  journal.registerReader(() => 5)
  await journal.forgetBelow(6)
  expect(journal.firstIndex).toBeGreaterThan(2)
  expect(journal.firstIndex).toBeLessThanOrEqual(5)
  expect((await contents(journal)).at(-1)?.index).toBe(6)
  const first = journal.firstIndex
  await journal.close()
  const { journal: again, records } = await reopened({ dir })
  expect(records[0]?.index).toBe(first)
  expect(again.append('local', 'next').index).toBe(7)
  await again.close()
})

test('a journal that is closing accepts nothing more', async () => {
  const journal = await openJournal({ dir: freshDir() })
  await journal.append('local', 1).durable
  await journal.close()
  expect(() => journal.append('local', 2)).toThrow('stopping')
})
