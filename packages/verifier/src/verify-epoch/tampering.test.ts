/**
 * What a stranger does to a file that others will read: each change, everywhere in it, must be the first thing that is named,
 * and named as what it is.
 */
import { Writable } from 'node:stream'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { bytes32Of, bytesToHex, keccak256 } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch, type MadeEpoch, type MakeEpochOptions } from '../testing/make-epoch.ts'
import { memoryChain } from '../testing/memory-chain.ts'
import { sentenceOf, type CheckName, type EpochReport } from './report.ts'
import { verifyEpoch } from './verify-epoch.ts'
import type { VerifyEpochInput } from './verify-epoch-input.ts'

interface Made {
  made: MadeEpoch
  bytes: Buffer
  rows: string[]
}

async function epochOf(options: MakeEpochOptions): Promise<Made> {
  const chunks: Buffer[] = []
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) })
  const made = await makeEpoch(sink, options)
  const bytes = Buffer.concat(chunks)
  return { made, bytes, rows: gunzipSync(bytes).toString().trimEnd().split('\n') }
}

const channelIds = [bytes32Of('a'), bytes32Of('b')]
const tiny = await epochOf({ receipts: 1, leaseEvery: 0, seed: 4, channelIds })
const small = await epochOf({ receipts: 12, leaseEvery: 6, seed: 9, channelIds })
const many = await epochOf({ receipts: 150, seed: 5, channelIds })

function verify({ made }: Made, bytes: Uint8Array, input: Partial<VerifyEpochInput> = {}): Promise<EpochReport> {
  const chain = memoryChain([made], { isTermsRegistered: async (_, hash) => hash === made.terms.termsHash })
  return verifyEpoch({ open: () => [bytes], chain, threads: 0, ...input })
}

const packed = (rows: readonly string[]): Buffer => gzipSync(`${rows.join('\n')}\n`)
const hashOf = (bytes: Uint8Array): string => bytesToHex(keccak256(bytes))
const firstOf = ({ firstMismatch }: EpochReport): string => (firstMismatch ? sentenceOf(firstMismatch) : 'none')
const firstAfter = async (of: Made, change: (rows: string[]) => string[]): Promise<string> =>
  firstOf(await verify(of, packed(change([...of.rows]))))
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] as number) ^ (1 << (at % 8))
  return copy
}
/** Whole lines that stand before a byte of the file. */
const linesBefore = (bytes: Buffer, at: number): number =>
  gunzipSync(bytes.subarray(0, at), { finishFlush: constants.Z_SYNC_FLUSH }).toString().split('\n').length - 1
/** Null where the bytes are no whole gzip file. */
function textOf(bytes: Buffer): string | null {
  try {
    return gunzipSync(bytes).toString().trimEnd()
  } catch {
    return null
  }
}
const named = (checks: EpochReport['checks'], ok: boolean | null): CheckName[] =>
  checks.filter((check) => check.ok === ok).map(({ name }) => name)

/** Before it the packer states its codes. */
const CODES_END = 300
const expected = { lane: tiny.made.header.lane, epoch: 7 }

test('a flipped byte is named as damage, whichever of the file it is', { timeout: 120_000 }, async () => {
  for (let at = 0; at < tiny.bytes.length; at++) {
    const bytes = flipped(tiny.bytes, at)
    const report = await verify(tiny, bytes, { expected })
    const hashes = `hash to ${tiny.made.dataHash}, as the chain names them, found bytes that hash to ${hashOf(bytes)}.`
    expect([at, report.ok, report.lane !== null]).toEqual([at, false, true])
    // The time of packing, or one copy of a text named instead of another.
    if (textOf(bytes) === tiny.rows.join('\n')) {
      expect(firstOf(report)).toBe(
        `Hash of the file, against that on the chain: expected ${tiny.made.dataHash}, found ${hashOf(bytes)}.`,
      )
      expect(named(report.checks, false)).toEqual(['dataHash'])
      continue
    }
    const [, where = '', rest] =
      /^The file is damaged (after line \d+|from its first line on) \([^)]+\): (.*)$/.exec(firstOf(report)) ?? []
    expect([at, rest]).toEqual([at, `expected bytes that ${hashes}`])
    const line = Number(/\d+/.exec(where)?.[0] ?? 0)
    const before = linesBefore(tiny.bytes, at)
    // A code that the packer states at the begin may be used late.
    const most = at < CODES_END ? tiny.rows.length : before + 1
    expect([at, line >= before - 1 && line <= most]).toEqual([at, true])
    expect(named(report.checks, true)).not.toContain('root')
  }
})

test('damage in a large file is named where it is, its checksum as damage after the last line', async () => {
  const { bytes, rows } = many
  for (let part = 1; part < 6; part++) {
    const at = Math.floor((bytes.length * part) / 6)
    const report = await verify(many, flipped(bytes, at))
    const line = Number(/^The file is damaged after line (\d+) /.exec(firstOf(report))?.[1])
    const before = linesBefore(bytes, at)
    expect([at, line >= before - 1 && line <= before + 1]).toEqual([at, true])
    expect(named(report.checks, null)).toEqual(expect.arrayContaining(['root', 'vouchers', 'claims', 'records']))
    expect(report.mismatches.map(sentenceOf).join()).not.toContain('missing at the end')
  }
  for (const [at, why] of [
    [8, 'data'],
    [5, 'data'],
    [4, 'length'],
    [1, 'length'],
  ] as const) {
    const report = await verify(many, flipped(bytes, bytes.length - at))
    expect(firstOf(report)).toContain(
      `The file is damaged after line ${rows.length} (incorrect ${why} check): expected`,
    )
    expect(report).toMatchObject({ receipts: 150, leaves: many.made.header.count, sumMicroUsd: many.made.header.sum })
    expect(named(report.checks, false)).toEqual(['form', 'dataHash'])
  }
})

test('a file that was cut off is named so, with the last line that it has', async () => {
  const { bytes } = many
  for (const end of [bytes.length - 1, bytes.length - 9, bytes.length >> 1, bytes.length >> 3]) {
    const lines = linesBefore(bytes, end)
    const report = await verify(many, bytes.subarray(0, end))
    expect(firstOf(report)).toContain(
      `The file is damaged after line ${lines} (unexpected end of file): expected bytes`,
    )
    expect(report.checks.find(({ name }) => name === 'form')?.detail).toBe(`${lines} lines`)
  }
})

test('bytes behind the file are named by its hash, or as damage', async () => {
  const zeros = await verify(small, Buffer.concat([small.bytes, Buffer.alloc(40)]))
  expect(firstOf(zeros)).toContain('Hash of the file, against that on the chain')
  const text = await verify(small, Buffer.concat([small.bytes, Buffer.from('more')]))
  expect(firstOf(text)).toMatch(/^Hash of the file, against|^The file is damaged after line 24 /)
  const second = await verify(small, Buffer.concat([small.bytes, gzipSync(`${small.rows[4]}\n`)]))
  expect(firstOf(second)).toContain('Receipt 3 is there twice')
})

test('each line that is dropped, doubled or changes its place is named, receipts by their number', async () => {
  const { rows } = small
  for (let i = 0; i < rows.length; i++) {
    const [, kind] = /^{"kind":"(\w+)"/.exec(rows[i] as string) ?? []
    const seq = i - 1
    const dropped = await firstAfter(small, (all) => all.toSpliced(i, 1))
    const doubled = await firstAfter(small, (all) => all.toSpliced(i, 0, all[i] as string))
    if (kind === 'delivery' || kind === 'lease') {
      const missing =
        seq === 12
          ? `${seq} is missing at the end`
          : `${seq} is missing: expected number ${seq}, found number ${seq + 1}`
      expect(dropped).toContain(`Line ${i + 1}: Receipt ${missing}`)
      expect(doubled).toContain(
        `Line ${i + 2}: Receipt ${seq} is there twice: expected number ${seq + 1}, found number ${seq}.`,
      )
      for (let j = i + 1; j < 14; j++) {
        const swapped = await firstAfter(small, (all) => all.with(i, all[j] as string).with(j, all[i] as string))
        expect(swapped).toBe(
          `Line ${i + 1}: Receipts are not in the order of their numbers: expected number ${seq}, found number ${j - 1}.`,
        )
      }
    } else if (kind === 'voucher') {
      expect(dropped).toMatch(/^Voucher of channel 0x.* expected one that adds \d+ µUSD, found none\.$/)
      expect(doubled).toBe(`Line ${i + 2}: Vouchers of one channel and provider: expected one, found another.`)
    } else {
      expect(dropped).toMatch(new RegExp(`^Line ${i + 1}: `))
      expect(doubled).toMatch(new RegExp(`^Line ${i + 2}: `))
    }
  }
  const behind = await firstAfter(small, (all) => all.with(13, all[14] as string).with(14, all[13] as string))
  expect(behind).toBe('Line 14: The place of receipt 12: expected here, found line 15.')
  const last = await firstAfter(small, (all) => [...all.toSpliced(13, 1), all[13] as string])
  expect(last).toBe('Line 14: The place of receipt 12: expected here, found line 24.')
  const appended = await firstAfter(small, (all) => [...all, all[5] as string])
  expect(appended).toBe('Line 25: Receipt 4 is there twice: expected number 13, found number 4.')
})

test('lines that an editor joins, splits, empties or leaves open are named', async () => {
  expect(await firstAfter(small, (all) => all.toSpliced(5, 2, `${all[5]}${all[6]}`))).toBe(
    'Line 6: Content of the line: expected what an epoch file has, found It is not JSON.',
  )
  expect(await firstAfter(small, (all) => all.toSpliced(5, 0, ''))).toContain('Line 6: Content of the line')
  expect(await firstAfter(small, (all) => [...all, ''])).toContain('Line 25: Content of the line')
  expect(await firstAfter(small, (all) => all.slice(0, 9))).toContain(
    'Line 10: Receipts 8 to 12 are missing at the end',
  )
  const open = await verify(small, gzipSync(small.rows.join('\n')))
  expect(firstOf(open)).toBe(
    'Line 24: The end of the file: expected a line that ends with a line break, found one that breaks off.',
  )
  expect(named(open.checks, false)).toEqual(['form', 'dataHash'])
  const halved = await verify(small, gzipSync(small.rows.join('\n').slice(0, 9_000)))
  expect(firstOf(halved)).toMatch(/^Line \d+: The end of the file: expected a line that ends with a line break/)
  const again = await verify(small, gzipSync(gunzipSync(small.bytes), { level: 1 }))
  expect(named(again.checks, false)).toEqual(['dataHash'])
})

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Every value in a line with each of some others in its place. */
function* changesOf(json: Json, path: readonly string[] = []): Generator<{ path: string; line: Json }> {
  if (typeof json !== 'object' || json === null) {
    for (const value of othersThan(json)) yield { path: path.join('.'), line: value }
    return
  }
  for (const [key, value] of Object.entries(json)) {
    for (const { path: at, line } of changesOf(value, [...path, key]))
      yield { path: at, line: { ...(json as Record<string, Json>), [key]: line } }
    const { [key]: _removed, ...rest } = json as Record<string, Json>
    yield { path: [...path, key].join('.'), line: rest }
  }
}

function othersThan(value: Json): Json[] {
  if (typeof value === 'number') return [value + 1, 2 ** 53, -1]
  if (typeof value !== 'string') return [1, 'x', {}]
  if (/^\d+$/.test(value)) return [`${value}1`, String(2n ** 128n), 5]
  const last = value.at(-1) === '0' ? '1' : '0'
  return [value.slice(0, -1) + last, '', null]
}

test('whichever value of whichever line is another, that line is named first', { timeout: 120_000 }, async () => {
  const seen = new Set<string>()
  for (const [i, row] of small.rows.entries()) {
    for (const { path, line } of changesOf(JSON.parse(row) as Json)) {
      // Of lines of one kind the first has all fields: others try the few that every tamperer tries.
      const kind = `${(JSON.parse(row) as { kind: string }).kind} ${path}`
      if (seen.has(`${kind} whole`)) continue
      const first = await firstAfter(small, (all) => all.with(i, JSON.stringify(line)))
      expect([i + 1, path, JSON.stringify(line), first]).toEqual([
        i + 1,
        path,
        JSON.stringify(line),
        expect.stringMatching(new RegExp(`^Line ${i + 1}: `)),
      ])
    }
    for (const { path } of changesOf(JSON.parse(row) as Json))
      seen.add(`${(JSON.parse(row) as { kind: string }).kind} ${path} whole`)
  }
})

test('without its header a file is held against the anchor that it should have, or against all of them', async () => {
  const { made, bytes } = small
  const broken = flipped(bytes, 0)
  const told = await verify(small, broken, { expected: { lane: made.header.lane, epoch: 7 } })
  expect(firstOf(told)).toBe(
    'The file is damaged from its first line on (incorrect header check): ' +
      `expected bytes that hash to ${made.dataHash}, as the chain names them, found bytes that hash to ${hashOf(broken)}.`,
  )
  expect([told.lane, told.epoch, told.chainId]).toEqual([made.header.lane, 7, 31_337])
  const untold = await verify(small, broken)
  expect(untold.mismatches.map(sentenceOf)).toEqual([
    `The file is damaged from its first line on (incorrect header check): expected a whole file, found bytes that hash to ${hashOf(broken)}.`,
    `Anchor of a file of this hash on the chain at http://chain.test: expected one, found none for ${hashOf(broken)}.`,
  ])
  expect([untold.ok, untold.lane, untold.epoch]).toEqual([false, null, null])
  const never = await verify(small, broken, { expected: { lane: made.header.lane, epoch: 8 } })
  expect(never.mismatches.map(sentenceOf)[1]).toContain(
    'Anchor of epoch 8 on the chain at http://chain.test: expected one',
  )
  for (const other of [
    Buffer.from('hello'),
    gzipSync('hello\n'),
    gzipSync(''),
    Buffer.alloc(0),
    packed(small.rows.slice(1)),
  ]) {
    const report = await verify(small, other)
    expect([report.ok, named(report.checks, false)]).toEqual([false, ['form', 'dataHash']])
  }
})

test('a file that the lane itself anchored damaged is named as damaged', async () => {
  const broken = flipped(small.bytes, small.bytes.length - 3)
  const dataHash = bytesToHex(keccak256(broken))
  const anchor = { ...small.made.anchor, value: { ...small.made.anchor.value, dataHash } }
  const report = await verify({ ...small, made: { ...small.made, dataHash, anchor } }, broken)
  expect(firstOf(report)).toBe(
    'The file is damaged after line 24 (incorrect length check): ' +
      `expected a whole file, found bytes that hash to ${dataHash}, as the lane anchored them.`,
  )
})
