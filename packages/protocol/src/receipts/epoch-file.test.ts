import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex, keccak256, type Hex } from '../crypto/keccak.ts'
import { arbitraryStruct } from './arbitrary-struct.ts'
import { openEpochFileWriter, readEpochFile, writeEpochFile, type ReadEpochFileOptions } from './epoch-file.ts'
import { decodeLine, encodeLine, type EpochFileHeader, type EpochFileLine } from './epoch-file-lines.ts'
import type { StructName } from './fields.ts'
import type { Struct } from './types.ts'

const signature: Hex = `0x${'5a'.repeat(65)}`
const sample = <N extends StructName>(name: N): Struct<N> => fc.sample(arbitraryStruct(name), 1)[0] as Struct<N>
const signed = <N extends StructName>(name: N) => ({ value: sample(name), signature })

const address = (byte: string): Hex => `0x${byte.repeat(20)}`
const header: EpochFileHeader = {
  kind: 'header',
  version: 3,
  chainId: 31_337,
  paymentChannels: address('11'),
  receiptAnchor: address('22'),
  slaLedger: address('33'),
  lane: `0x${'44'.repeat(32)}`,
  epoch: 7,
  fromSeq: 1,
  toSeq: 3,
  count: 5,
  sum: 12_345n,
  root: `0x${'55'.repeat(32)}`,
}
const lines: EpochFileLine[] = [
  header,
  { kind: 'terms', terms: sample('Terms'), document: { region: 'eu-de', models: ['tiny'], gpus: { count: 2 } } },
  { kind: 'delivery', delivery: signed('DeliveryReceipt'), work: signed('WorkReceipt') },
  { kind: 'lease', lease: sample('LeaseReceipt'), laneSignature: signature, nodeSignature: signature },
  { kind: 'delivery', delivery: signed('DeliveryReceipt'), work: null },
  { kind: 'voucher', voucher: signed('Voucher') },
  { kind: 'counts', counts: sample('SlaCounts') },
  { kind: 'record', record: signed('PerformanceRecord') },
]

function memorySink() {
  const chunks: Buffer[] = []
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      setImmediate(done)
    },
  })
  return { sink, bytes: () => Buffer.concat(chunks) }
}

async function fileOf(content: Iterable<EpochFileLine>): Promise<Buffer> {
  const { sink, bytes } = memorySink()
  await writeEpochFile(sink, content)
  return bytes()
}

async function readAll(bytes: Uint8Array | AsyncIterable<Uint8Array>, options?: ReadEpochFileOptions) {
  const out = []
  for await (const item of readEpochFile(bytes, options)) out.push(item)
  return out
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => (error as Error).message,
  )

test('every kind of line comes back as it was written, with its number and the hash of the bytes', async () => {
  const { sink, bytes } = memorySink()
  const { dataHash, fileBytes } = await writeEpochFile(sink, lines)
  expect(fileBytes).toBe(bytes().length)
  expect(dataHash).toBe(bytesToHex(keccak256(bytes())))
  let seen = 0
  const back = await readAll(bytes(), { onBytes: (chunk) => void (seen += chunk.length) })
  expect(back).toEqual(lines.map((line, i) => ({ lineNumber: i + 1, line })))
  expect(seen).toBe(fileBytes)
})

test('the same lines make the same bytes, so an epoch that is closed again has the same hash', async () => {
  expect((await fileOf(lines)).equals(await fileOf(lines))).toBe(true)
})

test('a file of that name is whole: it has another one until it is synced', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-epoch-'))
  const path = join(dir, 'epoch.jsonl.gz')
  const { dataHash } = await writeEpochFile(path, lines)
  expect(bytesToHex(keccak256(await readFile(path)))).toBe(dataHash)
  expect(await readdir(dir)).toEqual(['epoch.jsonl.gz'])
  await expect(writeEpochFile(join(dir, 'absent', 'x'), lines)).rejects.toThrow('ENOENT')
  await rm(dir, { recursive: true })
})

test('a sink that fails ends the writing with its own error', async () => {
  for (const failAt of [0, 3]) {
    let writes = 0
    const sink = new Writable({
      write: (_chunk, _encoding, done) => done(writes++ >= failAt ? new Error('disk full') : null),
    })
    const writer = await openEpochFileWriter(sink)
    const many = async () => {
      await writer.write(header)
      for (let i = 0; i < 2_000; i++) {
        await writer.write({ kind: 'delivery', delivery: signed('DeliveryReceipt'), work: null })
      }
      await writer.end()
    }
    await expect(many()).rejects.toThrow('disk full')
  }
})

test('lines out of order are a mistake of the writer', async () => {
  const { sink } = memorySink()
  const writer = await openEpochFileWriter(sink)
  await writer.write({ kind: 'counts', counts: sample('SlaCounts') })
  await expect(writer.write({ kind: 'voucher', voucher: signed('Voucher') })).rejects.toThrow(
    'voucher line comes too late',
  )
})

test('a damaged file is named as such, wherever it was cut', async () => {
  const bytes = await fileOf(lines)
  for (const end of [0, 5, bytes.length >> 1, bytes.length - 1]) {
    expect(await messageOf(readAll(bytes.subarray(0, end)))).toContain('not a complete gzip file')
  }
  expect(await messageOf(readAll(Buffer.from('not gzip')))).toContain('not a complete gzip file')
  const failing = (async function* () {
    yield bytes.subarray(0, 30)
    throw new Error('connection lost')
  })()
  await expect(readAll(failing)).rejects.toThrow('connection lost')
})

test('a wrong field is named with its line', async () => {
  const texts = gunzipSync(await fileOf(lines))
    .toString()
    .split('\n')
  const broken = (index: number, change: (row: Record<string, unknown>) => void): Buffer => {
    const copy = [...texts]
    const row = JSON.parse(copy[index] ?? '') as Record<string, unknown>
    change(row)
    copy[index] = JSON.stringify(row)
    return gzipSync(copy.join('\n'))
  }
  const cases: [number, (row: Record<string, unknown>) => void, RegExp][] = [
    [0, (row) => (row.version = 2), /Line 1 .*version 2 is unknown/],
    [0, (row) => (row.sum = 5), /Line 1 .*header: the field sum/],
    [0, (row) => delete row.slaLedger, /Line 1 .*the field slaLedger/],
    [1, (row) => (row.document = []), /Line 2 .*the field document/],
    [1, (row) => delete row.document, /Line 2 .*the field document/],
    [1, (row) => (row.terms = null), /Line 2 .*Terms/],
    [2, (row) => ((row.delivery as Record<string, unknown>).price = '-1'), /Line 3 .*DeliveryReceipt: the field price/],
    [2, (row) => (row.deliverySignature = '0x00'), /Line 3 .*deliverySignature/],
    [2, (row) => (row.workSignature = null), /Line 3 .*workSignature/],
    [2, (row) => delete row.work, /Line 3 .*WorkReceipt/],
    [3, (row) => (row.nodeSignature = 7), /Line 4 .*nodeSignature/],
    [3, (row) => (row.laneSignature = `${signature}00`), /Line 4 .*laneSignature/],
    [5, (row) => (row.signature = `0X${'5a'.repeat(65)}`), /Line 6 .*signature/],
    [6, (row) => (row.counts = {}), /Line 7 .*SlaCounts: the field nodeId/],
    [7, (row) => delete row.laneSignature, /Line 8 .*laneSignature/],
    [7, (row) => (row.kind = 'story'), /Line 8 .*the kind "story" is unknown/],
  ]
  for (const [index, change, message] of cases) expect(await messageOf(readAll(broken(index, change)))).toMatch(message)
  expect(await messageOf(readAll(gzipSync('{"kind"\n')))).toMatch(/Line 1 .*It is not JSON/)
  expect(await messageOf(readAll(gzipSync('7\n')))).toMatch(/Line 1 .*not a JSON object/)
  expect(await messageOf(readAll(gzipSync('null\n')))).toMatch(/Line 1 .*not a JSON object/)
  expect(await messageOf(readAll(gzipSync('{"kind":"header"')))).toMatch(/ends in the middle of line 1/)
})

test('a file cannot make its reader hold more than the bounds', async () => {
  const bomb = gzipSync(Buffer.alloc(8 * 2 ** 20, 'a'))
  expect(await messageOf(readAll(bomb))).toMatch(/more than 4194304 bytes in line 1/)
  const [row = ''] = gunzipSync(await fileOf([header]))
    .toString()
    .split('\n')
  const long = gzipSync(`${row}\n`.repeat(1_000))
  expect(await messageOf(readAll(long, { inflatedBytesMax: 100_000 }))).toMatch(/inflates to more than 100000 bytes/)
})

test('a receipt pair travels on the bus as it stands in the file', () => {
  const pairs = [
    { delivery: signed('DeliveryReceipt'), work: signed('WorkReceipt') },
    { delivery: signed('DeliveryReceipt'), work: null },
  ]
  for (const pair of pairs) expect(decodeLine(JSON.parse(JSON.stringify(encodeLine(pair))))).toEqual(pair)
})
