import { Writable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { AppError } from '@isochrone/domain'
import {
  bytes32Of,
  bytes32ToAddress,
  bytesToHex,
  keccak256,
  readEpochFile,
  signStruct,
  structHash,
  ZERO_BYTES32,
  type EpochFileDelivery,
  type EpochFileLease,
  type EpochFileLine,
  type Hex,
  type PerformanceRecord,
  type Signed,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeEpoch, type MadeEpoch, type MakeEpochOptions } from '../testing/make-epoch.ts'
import { memoryChain } from '../testing/memory-chain.ts'
import type { ClaimOnChain, EpochChain, LaneClaims } from './epoch-chain.ts'
import { sentenceOf, type CheckName, type EpochReport } from './report.ts'
import { verifyEpoch } from './verify-epoch.ts'
import type { VerifyEpochInput } from './verify-epoch-input.ts'

const small: MakeEpochOptions = { receipts: 12, leaseEvery: 6, seed: 9, channelIds: [bytes32Of('a'), bytes32Of('b')] }
const laneKey = bytes32Of('test lane')

async function madeIn(options: MakeEpochOptions, change?: (lines: Iterable<EpochFileLine>) => Iterable<EpochFileLine>) {
  const chunks: Buffer[] = []
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) })
  const made = await makeEpoch(sink, options, change)
  return { made, bytes: Buffer.concat(chunks) }
}

const { made: honest, bytes: honestBytes } = await madeIn(small)

function verify(bytes: Uint8Array, epochs: readonly MadeEpoch[] = [honest], input: Partial<VerifyEpochInput> = {}) {
  return verifyEpoch({ open: () => [bytes], chain: memoryChain(epochs), threads: 0, ...input })
}

/** The honest epoch with its lines changed, on the chain as it was. */
async function tampered(change: (lines: EpochFileLine[]) => EpochFileLine[]): Promise<EpochReport> {
  const { bytes } = await madeIn(small, (lines) => change([...lines]))
  return verify(bytes)
}

/** An epoch that its own lane got wrong: everything is signed and anchored as it stands. */
async function wrongButSigned(change: (lines: EpochFileLine[]) => EpochFileLine[]): Promise<EpochReport> {
  const { bytes, made } = await madeIn(small, (lines) => change([...lines]))
  const dataHash = bytesToHex(keccak256(bytes))
  return verify(bytes, [{ ...made, dataHash, anchor: { ...made.anchor, value: { ...made.anchor.value, dataHash } } }])
}

const failed = ({ checks }: EpochReport): CheckName[] => checks.filter(({ ok }) => !ok).map(({ name }) => name)
const first = (report: EpochReport): string => (report.firstMismatch ? sentenceOf(report.firstMismatch) : 'none')
const isDelivery = (line: EpochFileLine): line is EpochFileDelivery => line.kind === 'delivery'
const indexOfSeq = (lines: EpochFileLine[], seq: number): number =>
  lines.findIndex((line) => isDelivery(line) && line.delivery.value.seq === seq)
const deliveryAt = (lines: EpochFileLine[], seq: number) => lines[indexOfSeq(lines, seq)] as EpochFileDelivery
/** Line numbers: header 1, terms 2, receipt n on n + 2. */
const lineOfSeq = (seq: number): number => seq + 2

const domain = { chainId: honest.header.chainId, verifyingContract: honest.header.paymentChannels }
function resigned(line: EpochFileDelivery, fields: Partial<EpochFileDelivery['delivery']['value']>): EpochFileDelivery {
  const value = { ...line.delivery.value, ...fields }
  return { ...line, delivery: signStruct(domain, 'DeliveryReceipt', value, laneKey) }
}

test('an honest epoch verifies, and the report says what was compared', async () => {
  const report = await verify(honestBytes, [honest], { threads: 2, expected: { lane: honest.header.lane, epoch: 7 } })
  expect(first(report)).toBe('none')
  expect(report).toMatchObject({
    ok: true,
    receipts: 12,
    leaves: honest.header.count,
    sumMicroUsd: honest.header.sum,
    dataHash: honest.dataHash,
    notes: [],
  })
  expect(report.checks.map(({ name, detail }) => [name, detail])).toContainEqual(['sequence', '12 numbers of the lane'])
  expect(report.checks.every(({ detail }) => detail !== '')).toBe(true)
})

test('one flipped byte of a receipt is named with its line', async () => {
  const text = gunzipSync(honestBytes).toString().split('\n')
  const at = lineOfSeq(4) - 1
  const flip = (pattern: RegExp, by: (found: string) => string) =>
    verify(gzipSync(text.map((row, i) => (i === at ? row.replace(pattern, by) : row)).join('\n')))
  const output = await flip(/"outputHash":"0x./, (all) => all.slice(0, -1) + (all.endsWith('0') ? '1' : '0'))
  expect(first(output)).toMatch(/^Line 6: Hash of the work that receipt 4 answers: expected 0x.*, found 0x/)
  expect(failed(output)).toEqual(['links', 'signatures', 'root', 'anchor', 'dataHash'])
  const status = await flip(/"httpStatus":\d/, () => '"httpStatus":9')
  expect(first(status)).toMatch(
    /^Line 6: Signature of the lane on receipt 4: expected 0x[0-9a-f]{40}, found (0x|nobody)/,
  )
  const bytes = await flip(/"bytesOut":\d+/, () => '"bytesOut":99999999999')
  expect(first(bytes)).toMatch(/^Line 6: Price of receipt 4 in µUSD: expected \d+, found \d+\.$/)
  const broken = await flip(/"seq":/, () => '"sek":')
  expect(first(broken)).toMatch(/^Line 6: Content of the line: expected what an epoch file has, found .*the field seq/)
})

test('a dropped receipt is named', async () => {
  const report = await tampered((lines) => lines.toSpliced(indexOfSeq(lines, 5), 1))
  expect(first(report)).toBe(`Line ${lineOfSeq(5)}: Receipt 5 is missing: expected number 5, found number 6.`)
  expect(failed(report)).toEqual(expect.arrayContaining(['sequence', 'root', 'anchor', 'dataHash']))
  const two = await tampered((lines) => lines.toSpliced(indexOfSeq(lines, 4), 2))
  expect(first(two)).toContain('Receipts 4 to 5 are missing')
  const last = await tampered((lines) => lines.toSpliced(lineOfSeq(12) - 1, 1))
  expect(first(last)).toBe(
    `Line ${lineOfSeq(12)}: Receipt 12 is missing at the end: expected number 12 as the last, found number 11.`,
  )
})

test('a doubled receipt is named', async () => {
  const report = await tampered((lines) => lines.toSpliced(indexOfSeq(lines, 5), 0, deliveryAt(lines, 5)))
  expect(first(report)).toBe(`Line ${lineOfSeq(5) + 1}: Receipt 5 is there twice: expected number 6, found number 5.`)
})

test('two reordered receipts are named', async () => {
  const report = await tampered((lines) => {
    const at = indexOfSeq(lines, 4)
    const [a, b] = [lines[at] as EpochFileLine, lines[at + 1] as EpochFileLine]
    return lines.toSpliced(at, 2, b, a)
  })
  expect(first(report)).toBe(
    'Line 6: Receipts are not in the order of their numbers: expected number 4, found number 5.',
  )
  // The tree sorts its leaves: only the order and the file's bytes differ.
  expect(failed(report)).toEqual(['sequence', 'dataHash'])
})

test('a forged price is named, even where the lane itself signed and anchored it', async () => {
  const forged = await tampered((lines) =>
    lines.map((line) =>
      isDelivery(line) && line.delivery.value.seq === 3
        ? { ...line, delivery: { ...line.delivery, value: { ...line.delivery.value, price: 1n } } }
        : line,
    ),
  )
  expect(first(forged)).toMatch(/^Line 5: Price of receipt 3 in µUSD: expected \d+, found 1\.$/)
  expect(failed(forged)).toEqual(expect.arrayContaining(['prices', 'signatures', 'root']))
  const signed = await wrongButSigned((lines) =>
    lines.map((line) => (isDelivery(line) && line.delivery.value.seq === 3 ? resigned(line, { price: 1n }) : line)),
  )
  expect(first(signed)).toMatch(/^Line 5: Price of receipt 3 in µUSD: expected \d+, found 1\.$/)
  expect(failed(signed)).not.toContain('signatures')
})

test('a delivery must answer the work that it bills, and bill no more', async () => {
  const change = (fields: Partial<EpochFileDelivery['delivery']['value']>) =>
    wrongButSigned((lines) =>
      lines.map((line) => (isDelivery(line) && line.delivery.value.seq === 3 ? resigned(line, fields) : line)),
    )
  const work = deliveryAt([...(await linesOf(honestBytes))], 3).work?.value
  expect(work).toBeDefined()
  const tokensOut = work?.tokensOut ?? 0
  expect(first(await change({ billedOut: tokensOut + 1 }))).toBe(
    `Line 5: billedOut of receipt 3: expected at most ${tokensOut} as in the work, found ${tokensOut + 1}.`,
  )
  expect(first(await change({ billedCached: 1 }))).toContain('billedCached of receipt 3: expected at most 0')
  expect(first(await change({ billedIn: 1e6 }))).toContain('billedIn of receipt 3: expected at most')
  for (const field of ['channelId', 'requestId', 'nodeId'] as const) {
    expect(first(await change({ [field]: bytes32Of('other') }))).toContain(`${field} of the work under receipt 3`)
  }
  expect(first(await change({ attempt: 3 }))).toContain('attempt of the work under receipt 3')
  expect(first(await change({ lane: bytes32Of('lane') }))).toContain('Lane of receipt 3')
  expect(first(await change({ workHash: ZERO_BYTES32 }))).toContain('Hash of the work that receipt 3 answers')
  expect(first(await change({ termsHash: bytes32Of('other') }))).toContain('termsHash of the work under receipt 3')
  const withoutWork = await wrongButSigned((lines) =>
    lines.map((line) => (isDelivery(line) && line.delivery.value.seq === 3 ? { ...line, work: null } : line)),
  )
  expect(first(withoutWork)).toMatch(/Line 5: Work receipt of receipt 3: expected 0x0+, found 0x/)
})

test('one piece of work billed twice is named, though the lane gave it two numbers', async () => {
  const report = await wrongButSigned((lines) =>
    lines.map((line) => {
      if (!isDelivery(line) || line.delivery.value.seq !== 4) return line
      const other = deliveryAt(lines, 3)
      return resigned({ ...line, work: other.work }, { ...other.delivery.value, seq: 4 })
    }),
  )
  const sentences = report.mismatches.map(sentenceOf)
  expect(sentences).toContain('Line 6: Work of one number of a node: expected once, found again, as on line 5.')
  expect(sentences).toContain('Line 6: A request’s attempt: expected one receipt, found another, as on line 5.')
})

test('leases are held to number, price, time and both signatures', async () => {
  const change = (fields: Partial<EpochFileLease['lease']>) =>
    wrongButSigned((lines) =>
      lines.map((line) =>
        line.kind === 'lease' && line.lease.seq === 6 ? { ...line, lease: { ...line.lease, ...fields } } : line,
      ),
    )
  expect(first(await change({ price: 5n }))).toMatch(/^Line 8: Price of receipt 6 in µUSD: expected 41667, found 5/)
  expect(first(await change({ toMs: 1 }))).toContain('End of receipt 6')
  expect(first(await change({ lane: bytes32Of('x') }))).toContain('Lane of receipt 6')
  expect(first(await change({ termsHash: bytes32Of('x') }))).toContain('Terms of receipt 6')
  const sentences = (await change({ leaseId: bytes32Of('x') })).mismatches.map(sentenceOf).join('\n')
  expect(sentences).toContain('Signature of the lane on receipt 6')
  expect(sentences).toContain('Signature of the node on receipt 6')
})

test('terms are what their hash says, and their document too', async () => {
  const document = await wrongButSigned((lines) =>
    lines.map((line) => (line.kind === 'terms' ? { ...line, document: { region: 'mars' } } : line)),
  )
  expect(first(document)).toContain('Line 2: Hash of the document of the terms')
  const prices = await wrongButSigned((lines) =>
    lines.map((line) => (line.kind === 'terms' ? { ...line, terms: { ...line.terms, outPerMtok: 1 } } : line)),
  )
  expect(first(prices)).toMatch(/Line 3: Terms of receipt 1: expected terms 0x.* in the file, found none/)
  const twice = await wrongButSigned((lines) => lines.toSpliced(1, 0, lines[1] as EpochFileLine))
  expect(first(twice)).toContain('Line 3: Order of terms: expected ascending hashes')
})

test('vouchers must claim what the receipts make due: no more, no less, once', async () => {
  const vouchersChanged = (change: (line: EpochFileLine & { kind: 'voucher' }, i: number) => EpochFileLine[]) => {
    let i = 0
    return wrongButSigned((lines) => lines.flatMap((line) => (line.kind === 'voucher' ? change(line, i++) : [line])))
  }
  const sign = (value: (typeof honest.vouchers)[number]['value']): EpochFileLine => ({
    kind: 'voucher',
    voucher: signStruct(domain, 'Voucher', value, laneKey),
  })
  const more = await vouchersChanged(({ voucher: { value } }) => [
    sign({ ...value, cumulative: value.cumulative + 1n }),
  ])
  expect(first(more)).toMatch(/^Line 15: What a voucher adds to the one before it, in µUSD: expected \d+, found \d+/)
  expect(failed(more)).toEqual(['vouchers'])
  const none = await vouchersChanged((line, i) => (i === 0 ? [] : [line]))
  expect(first(none)).toMatch(/^Voucher of channel 0x.* expected one that adds \d+ µUSD, found none/)
  const twice = await vouchersChanged((line) => [line, line])
  expect(first(twice)).toContain('Vouchers of one channel and provider: expected one, found another')
  for (const fields of [{ lane: bytes32Of('x') }, { epoch: 8 }, { receiptRoot: bytes32Of('x') }]) {
    const report = await vouchersChanged(({ voucher: { value } }) => [sign({ ...value, ...fields })])
    expect(first(report)).toMatch(/Line 15: (Lane|Epoch|Receipt root) of a voucher/)
  }
  const earned = await vouchersChanged(({ voucher: { value } }) => [sign({ ...value, earned: value.earned + 1n })])
  expect(first(earned)).toMatch(
    /^Line 15: What a voucher says that its provider earned, in µUSD: expected \d+, found \d+/,
  )
  const unsigned = await vouchersChanged((line) => [
    { ...line, voucher: { ...line.voucher, signature: otherSignature } },
  ])
  expect(first(unsigned)).toContain('Line 15: Signature of the lane on a voucher')
})

const otherSignature = signStruct(
  domain,
  'Voucher',
  (honest.vouchers[0] as (typeof honest.vouchers)[number]).value,
  bytes32Of('thief'),
).signature

test('counts and records are those that the receipts make', async () => {
  const counts = await wrongButSigned((lines) =>
    lines.map((line) =>
      line.kind === 'counts' ? { ...line, counts: { ...line.counts, faults: line.counts.faults + 1 } } : line,
    ),
  )
  expect(first(counts)).toMatch(/^Line 17: faults of performance counts: expected 0, found 1|expected 1, found 2/)
  const record = await wrongButSigned((lines) =>
    lines.map((line) =>
      line.kind === 'record'
        ? { ...line, record: { ...line.record, value: { ...line.record.value, earned: 1n } } }
        : line,
    ),
  )
  expect(first(record)).toMatch(/earned of a performance record: expected \d+, found 1/)
  expect(failed(record)).toContain('signatures')
  for (const kind of ['counts', 'record'] as const) {
    const fewer = await wrongButSigned((lines) =>
      lines.toSpliced(
        lines.findLastIndex((line) => line.kind === kind),
        1,
      ),
    )
    expect(failed(fewer)).toContain('sla')
    const more = await wrongButSigned((lines) => {
      const at = lines.findLastIndex((line) => line.kind === kind)
      return lines.toSpliced(at, 0, lines[at] as EpochFileLine)
    })
    expect(failed(more)).toContain('sla')
  }
})

test('the header must be what the receipts make, and stand once at the top', async () => {
  const change = (fields: Partial<MadeEpoch['header']>) =>
    wrongButSigned((lines) => lines.map((line) => (line.kind === 'header' ? { ...line, ...fields } : line)))
  const event = 'against that by the event at http://chain.test: expected'
  expect(first(await change({ count: 3 }))).toBe(`Line 1: Count of leaves in the header, ${event} 21, found 3.`)
  expect(first(await change({ sum: 3n }))).toBe(
    `Line 1: Sum of prices in µUSD in the header, ${event} ${honest.header.sum}, found 3.`,
  )
  expect(first(await change({ root: bytes32Of('x') }))).toContain('Line 1: Merkle root in the header, against that by')
  expect(first(await change({ fromSeq: 2 }))).toBe(`Line 1: First number in the header, ${event} 1, found 2.`)
  expect(first(await change({ toSeq: 11 }))).toBe(`Line 1: Last number in the header, ${event} 12, found 11.`)
  expect(first(await change({ epoch: 99 }))).toMatch(
    /^Line 1: Anchor of epoch 99 on the chain at .*: expected one, found/,
  )
  expect(first(await change({ chainId: 5 }))).toBe('Line 1: Chain in the header: expected 31337, found 5.')
  expect(failed(await change({ fromSeq: 2 }))).toContain('sequence')
  expect(failed(await change({ toSeq: 11 }))).toContain('sequence')
  expect(failed(await change({ toSeq: 0 }))).toEqual(expect.arrayContaining(['header', 'sequence']))
  expect(failed(await change({ receiptAnchor: `0x${'99'.repeat(20)}` }))).toEqual(['header'])
  const rows = gunzipSync(honestBytes).toString().trimEnd().split('\n')
  const appended = (row = '') => verify(gzipSync(`${[...rows, row].join('\n')}\n`))
  expect(first(await appended(rows[0]))).toBe(
    `Line ${rows.length + 1}: A second header: expected one header, found another.`,
  )
  expect(first(await appended(rows[1]))).toContain(`Line ${rows.length + 1}: The place of a terms line`)
  expect(first(await wrongButSigned((lines) => lines.slice(1)))).toMatch(
    /^Line 1: The first line: expected the header of an epoch, found This is not an epoch file: .* a line of kind terms\.$/,
  )
})

test('what was asked for is what must come', async () => {
  const report = await verify(honestBytes, [honest], { expected: { lane: bytes32Of('other'), epoch: 8 } })
  expect(report.mismatches.map(sentenceOf)).toEqual([
    expect.stringContaining('Line 1: Lane in the header'),
    'Line 1: Epoch in the header: expected 8, found 7.',
  ])
})

test('a chain that is another, or has no such contracts, is refused in a sentence', async () => {
  const lie = (lies: Partial<EpochChain>) => verify(honestBytes, [honest], { chain: memoryChain([honest], lies) })
  await expect(lie({ chainId: async () => 1 })).rejects.toThrow(
    'The epoch is of chain 31337, but http://chain.test is an endpoint of chain 1.',
  )
  const noAnchor = async (address: Hex) => address !== honest.header.receiptAnchor
  await expect(lie({ hasCode: noAnchor })).rejects.toThrow(
    `Chain 31337 has no contract at ${honest.header.receiptAnchor}, where ReceiptAnchor should be.`,
  )
})

test('a chain that lies about a root, or contradicts itself, is named', async () => {
  const lie = (lies: Partial<EpochChain>) => verify(honestBytes, [honest], { chain: memoryChain([honest], lies) })
  const anchor = { ...honest.anchor.value, laneSum: honest.header.sum }
  const root = bytes32Of('lie')
  const inStorage = await lie({ anchorStored: async () => ({ ...anchor, root }) })
  expect(failed(inStorage)).toEqual(['anchor'])
  expect(first(inStorage)).toMatch(
    /^Merkle root by the storage at http:\/\/chain.test, against that by the event at http:\/\/chain.test: expected 0x/,
  )
  const inBoth = await lie({
    anchorStored: async () => ({ ...anchor, root }),
    anchorEvent: async () => ({ ...anchor, root }),
  })
  expect(first(inBoth)).toContain('Merkle root of the receipts, against that by the event at http://chain.test')
  expect(failed(await lie({ anchorEvent: async () => ({ ...anchor, dataHash: root }) }))).toEqual(['dataHash'])
  for (const fields of [{ count: 1 }, { sum: 1n }, { fromSeq: 2 }, { toSeq: 2 }]) {
    expect(failed(await lie({ anchorEvent: async () => ({ ...anchor, ...fields }) }))).toEqual(['anchor'])
  }
  const lowSum = await lie({ anchorEvent: async () => ({ ...anchor, laneSum: 1n }) })
  expect(failed(lowSum)).toEqual(['vouchers', 'anchor'])
  expect(first(await lie({ anchorEvent: async () => null }))).toContain('expected one, found none (it says so in its')
  expect(first(await lie({ anchorEvent: async () => null, anchorStored: async () => null }))).toMatch(/found none\.$/)
  const other = { ...honest.header, slaLedger: `0x${'77'.repeat(20)}` as const }
  expect(first(await lie({ trustedContracts: async () => other }))).toContain('Line 1: SlaLedger in the header')
  const untrusted = await lie({ trustedContracts: async () => null })
  expect([untrusted.ok, untrusted.notes[0]]).toEqual([true, expect.stringContaining('No deployment was given')])
})

test('registry and claims are held against the file', async () => {
  const lie = (lies: Partial<EpochChain>) => verify(honestBytes, [honest], { chain: memoryChain([honest], lies) })
  expect(failed(await lie({ providerOfNode: async () => null }))).toEqual(['registry'])
  expect(failed(await lie({ providerOfNode: async () => bytes32Of('thief') }))).toEqual(['registry'])
  expect(failed(await lie({ isTermsRegistered: async () => false }))).toEqual(['registry'])
  expect(first(await lie({ claimed: async () => 10n ** 12n }))).toContain('Paid on the lane’s vouchers')
  const [voucher] = honest.vouchers
  const claim = { ...(voucher as (typeof honest.vouchers)[number]).value, cumulative: 10n ** 12n }
  const key = claim.channelId + claim.providerId
  const none = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
  const high = await lie({ claimsOf: async () => ({ ...none, at: new Map([[key, claim]]) }) })
  expect(first(high)).toContain('Signed amount claimed for epoch 7')
  const later = { claimsOf: async () => ({ ...none, after: new Map([[key, claim]]) }), claimed: async () => 1n }
  expect(failed(await lie(later))).toEqual([])
})

/** What the ledger says of the first node's record: `change` is what it says otherwise than the receipts. */
function withRecord(change: Partial<PerformanceRecord>, status = 'reported', nodeId?: Hex): Promise<EpochReport> {
  const value = { ...(honest.records[0] as Signed<PerformanceRecord>).value, ...change }
  const standing = { ...value, recordHash: structHash('PerformanceRecord', value), status }
  const truth = memoryChain([honest])
  const at = nodeId ?? value.nodeId
  const chain = memoryChain([honest], {
    record: async (node, lane, epoch) => (node === at ? standing : truth.record(node, lane, epoch)),
    recordedNodes: async () => ({ nodeIds: [...honest.records.map((record) => record.value.nodeId), at] }),
  })
  return verify(honestBytes, [honest], { chain })
}

test('a record on the ledger that does not follow from the receipts is named, whatever its version', async () => {
  const { value } = honest.records[0] as Signed<PerformanceRecord>
  const node = bytes32ToAddress(value.nodeId)
  for (const version of [0, 1]) {
    const earned = await withRecord({ version, earned: 1n })
    expect([earned.ok, failed(earned)]).toEqual([false, ['records']])
    expect(first(earned)).toMatch(
      new RegExp(`^Line \\d+: earned of node ${node} on the ledger: expected ${value.earned}, found 1\\.$`),
    )
    const root = await withRecord({ version, countsRoot: ZERO_BYTES32 })
    expect(first(root)).toContain(`countsRoot of node ${node} on the ledger: expected ${value.countsRoot}`)
    // Of these the ledger keeps the hash alone.
    for (const field of ['attempts', 'faults'] as const) {
      const report = await withRecord({ version, [field]: value[field] + 1 })
      expect(failed(report)).toEqual(['records'])
      expect(first(report)).toContain(
        `Hash of the record of node ${node} on the ledger (its attempts or faults differ)`,
      )
    }
  }
  const right = await withRecord({ version: 2 })
  expect([first(right), right.notes]).toEqual([
    'none',
    [`The record of node ${node} was replaced: version 2 stands on the ledger.`],
  ])
})

test('where the lane published the false record too, the field is named', async () => {
  const lied = (record: PerformanceRecord) => ({ ...record, faults: record.faults + 3 })
  const { bytes, made } = await madeIn(small, (lines) =>
    [...lines].map((line) =>
      line.kind === 'record'
        ? {
            ...line,
            record: signStruct(
              { ...domain, verifyingContract: honest.header.slaLedger },
              'PerformanceRecord',
              lied(line.record.value),
              laneKey,
            ),
          }
        : line,
    ),
  )
  const dataHash = bytesToHex(keccak256(bytes))
  const published = made.records.map((record) => ({ ...record, value: lied(record.value) }))
  const anchor = { ...made.anchor, value: { ...made.anchor.value, dataHash } }
  const report = await verify(bytes, [{ ...made, dataHash, anchor, records: published }])
  expect(failed(report)).toEqual(['sla', 'records'])
  expect(report.mismatches.filter(({ check }) => check === 'records').map(sentenceOf)).toContainEqual(
    expect.stringMatching(/faults of node 0x[0-9a-f]{40} on the ledger: expected \d+, found \d+\.$/),
  )
})

test('a record of a node without receipts is named; what was found invalid is no mismatch', async () => {
  const stranger = `0x${'00'.repeat(12)}${'57'.repeat(20)}` as Hex
  const report = await withRecord({ nodeId: stranger, earned: 5n }, 'final', stranger)
  expect(failed(report)).toEqual(['records'])
  expect(first(report)).toBe(
    `Record on the ledger of node 0x${'57'.repeat(20)}: expected none, as it has no receipt in the file, ` +
      'found version 0 that earned 5 µUSD.',
  )
  expect(first(await withRecord({ nodeId: stranger, earned: 5n }, 'invalid', stranger))).toBe('none')
  const invalid = await withRecord({ earned: 1n }, 'invalid')
  expect([first(invalid), invalid.notes]).toEqual(['none', [expect.stringContaining('was found invalid')]])
  const none: Partial<EpochChain> = { record: async () => null, recordedNodes: async () => ({ nodeIds: [] }) }
  const unreported = await verify(honestBytes, [honest], { chain: memoryChain([honest], none) })
  expect([first(unreported), unreported.notes]).toEqual([
    'none',
    [`${honest.records.length} of ${honest.records.length} records are not on the ledger yet.`],
  ])
})

const second = await madeIn({ ...small, epoch: 8, fromSeq: 13, signedBefore: honest.signedAfter, seed: 2 })
const third = await madeIn({ ...small, epoch: 9, fromSeq: 25, signedBefore: second.made.signedAfter, seed: 3 })

test('a later epoch is exact by the claims on the chain, or by the files before it', async () => {
  const epochs = [honest, second.made, third.made]
  const byChain = await verify(third.bytes, epochs)
  expect([first(byChain), byChain.notes]).toEqual(['none', []])
  const none = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
  const unclaimed = memoryChain(epochs, { claimsOf: async () => none, claimed: async () => 0n })
  const alone = await verify(third.bytes, epochs, { chain: unclaimed })
  expect([alone.ok, alone.notes[0]]).toEqual([true, expect.stringContaining('2 of 2 vouchers add to amounts')])
  expect(alone.unchecked[0]).toContain('the cumulative amounts of 2 vouchers')
  expect(byChain.unchecked).toEqual([])
  for (const previous of [[second.bytes], [honestBytes, second.bytes]]) {
    const report = await verify(third.bytes, epochs, {
      chain: unclaimed,
      previous: previous.map((bytes) => () => [bytes]),
    })
    expect([first(report), report.notes]).toEqual(['none', []])
    expect(report.checks.find(({ name }) => name === 'vouchers')?.detail).toBe(
      '2 vouchers, 2 of them to the micro-dollar',
    )
  }
})

test('a voucher that grew too little or too much since the last one is named', async () => {
  const epochs = [honest, second.made]
  const inflated = new Map([...honest.signedAfter].map(([key, amount]) => [key, amount + 5n]))
  const cheat = await madeIn({ ...small, epoch: 8, fromSeq: 13, signedBefore: inflated, seed: 2 })
  const report = await verify(cheat.bytes, [honest, cheat.made], { previous: [() => [honestBytes]] })
  expect(failed(report)).toEqual(['vouchers'])
  const few = new Map([...honest.signedAfter].map(([key, amount]) => [key, amount - 5n]))
  const short = await madeIn({ ...small, epoch: 8, fromSeq: 13, signedBefore: few, seed: 2 })
  const below = await verify(short.bytes, [honest, short.made])
  expect(first(below)).toMatch(/What a voucher adds to the one before it, in µUSD: expected at least \d+, found \d+/)
  const gap = await verify(third.bytes, [...epochs, third.made], { previous: [() => [honestBytes]] })
  expect(first(gap)).toContain('Last number in the previous file: expected 24, found 12')
})

/** An epoch whose vouchers ask for more than its receipts is not excused by a file that somebody made for it. */
test('a file before it that the chain does not name excuses nothing', async () => {
  // One payer owes more than it used, and another less, so that the lane's lifetime sum shows nothing.
  const [dear] = honest.signedAfter.keys()
  const shift = (key: string): bigint => (key === dear ? 5n : -5n)
  const shifted = new Map([...honest.signedAfter].map(([key, amount]) => [key, amount + shift(key)]))
  const cheat = await madeIn({ ...small, epoch: 8, fromSeq: 13, signedBefore: shifted, seed: 2 })
  const none = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
  const epochs = [honest, cheat.made]
  const unclaimed = { claimsOf: async () => none, claimed: async () => 0n }
  const chain = memoryChain(epochs, unclaimed)
  const withPrevious = (bytes: Uint8Array, on: EpochChain = chain) =>
    verify(cheat.bytes, epochs, { chain: on, previous: [() => [bytes]] })
  const detailOf = ({ checks }: EpochReport) => checks.find(({ name }) => name === 'vouchers')?.detail
  const changed = (lines: Iterable<EpochFileLine>, key = laneKey) =>
    [...lines].map((line): EpochFileLine => {
      if (line.kind !== 'voucher') return line
      const { channelId, providerId, cumulative } = line.voucher.value
      const value = { ...line.voucher.value, cumulative: cumulative + shift(channelId + providerId) }
      return { kind: 'voucher', voucher: signStruct(domain, 'Voucher', value, key) }
    })

  // The lane itself signs the other amounts: what was anchored is still another file.
  const forged = await madeIn(small, (lines) => changed(lines))
  const report = await withPrevious(forged.bytes)
  expect(report.mismatches.map(sentenceOf)).toContain(
    'Hash of the file given as --previous for epoch 7, against that on the chain: ' +
      `expected ${honest.dataHash}, found ${bytesToHex(keccak256(forged.bytes))}.`,
  )
  expect([report.ok, detailOf(report)]).toEqual([false, '2 vouchers, 0 of them to the micro-dollar'])
  expect(report.unchecked).toContainEqual(expect.stringContaining('the cumulative amounts of 2 vouchers'))

  // As it was anchored, packed anew: other bytes, so nothing can be said of them.
  const repacked = await withPrevious(gzipSync(gunzipSync(honestBytes), { level: 1 }))
  expect(failed(repacked)).toContain('vouchers')

  expect(failed(await withPrevious(honestBytes))).toEqual(['vouchers'])

  // No anchor to compare with: it is not used, and that is said, so that `--strict` fails.
  const nameless = memoryChain(epochs, {
    ...unclaimed,
    anchorEvent: async (lane, epoch) => (epoch === 7 ? null : chain.anchorEvent(lane, epoch)),
  })
  const unknown = await withPrevious(forged.bytes, nameless)
  expect([failed(unknown), detailOf(unknown)]).toEqual([[], '2 vouchers, 0 of them to the micro-dollar'])
  expect(unknown.unchecked).toEqual([
    'the file given as --previous: the chain at http://chain.test names none for epoch 7',
    expect.stringContaining('the cumulative amounts of 2 vouchers'),
  ])

  // What the chain names and the lane did not sign is nobody's word.
  const unsigned = await madeIn(small, (lines) => changed(lines, bytes32Of('stranger')))
  const dataHash = bytesToHex(keccak256(unsigned.bytes))
  const anchor = { ...honest.anchor, value: { ...honest.anchor.value, dataHash } }
  const anchored = [{ ...honest, dataHash, anchor }, cheat.made]
  const by = await verify(cheat.bytes, anchored, {
    chain: memoryChain(anchored, unclaimed),
    previous: [() => [unsigned.bytes]],
  })
  expect(failed(by)).toEqual(['vouchers'])
  expect(first(by)).toMatch(/^Voucher on line \d+ of the file given as --previous: expected one of epoch 7, signed by/)
})

/** A payer's money: nothing leaves a channel without a voucher that everybody can read. */
test('a claim without a voucher in the file is named, and one for an epoch that was never anchored', async () => {
  const claims = await memoryChain([honest]).claimsOf(honest.header.lane, 7)
  const [known] = [...claims.at.values()] as [ClaimOnChain]
  const hidden = { ...known, channelId: bytes32Of('hidden channel') }
  const lie = (claimsNow: Partial<LaneClaims>) =>
    verify(honestBytes, [honest], {
      chain: memoryChain([honest], { claimsOf: async () => ({ ...claims, ...claimsNow }) }),
    })
  const at = await lie({ at: new Map([...claims.at, [hidden.channelId + hidden.providerId, hidden]]) })
  expect(failed(at)).toEqual(['claims'])
  expect(first(at)).toBe(
    `Voucher that the lane claimed for epoch 7 from channel ${hidden.channelId} for provider ${known.providerId}: ` +
      `expected one in the file, found none, but ${known.cumulative} µUSD claimed on the chain.`,
  )
  const never = await lie({ unanchored: [{ ...hidden, epoch: 99 }] })
  expect(failed(never)).toEqual(['claims'])
  expect(first(never)).toMatch(
    /^Epoch 99, for which the lane claimed from channel 0x.*: expected anchored, found never/,
  )
})

/** An old epoch is no crime: what the chain was not read back for is said, and is no mismatch. */
test('what lies beyond the blocks that are read back is named as not checked', async () => {
  const epochs = [honest, second.made]
  const none = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
  const beyond: Partial<EpochChain> = {
    anchorEndingAt: async () => 'out of reach',
    claimsOf: async () => ({ ...none, oldestBlock: 4_000n }),
    recordedNodes: async () => ({ nodeIds: [], oldestBlock: 4_000n }),
    // Paid on a later voucher, whose claim was not read.
    claimed: async () => 10n ** 12n,
  }
  const report = await verify(second.bytes, epochs, { chain: memoryChain(epochs, beyond) })
  expect([report.ok, first(report)]).toEqual([true, 'none'])
  expect(report.unchecked).toEqual([
    'the lane’s anchored epoch before (longer ago than the chain is read back)',
    expect.stringContaining('the cumulative amounts of 2 vouchers'),
    'claims before block 4000 (longer ago than the chain is read back)',
    'records of nodes without receipts, reported before block 4000 (longer ago than the chain is read back)',
  ])
  const all = { ...beyond, claimsOf: async () => none }
  expect(failed(await verify(second.bytes, epochs, { chain: memoryChain(epochs, all) }))).toEqual(['claims'])
})

test('vouchers above all that the lane ever anchored are named without earlier files', async () => {
  const inflated = new Map([...honest.signedAfter].map(([key, amount]) => [key, amount + 5n]))
  const cheat = await madeIn({ ...small, epoch: 8, fromSeq: 13, signedBefore: inflated, seed: 2 })
  const none = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
  const epochs = [honest, cheat.made]
  const chain = memoryChain(epochs, { claimsOf: async () => none, claimed: async () => 0n })
  const report = await verify(cheat.bytes, epochs, { chain })
  expect(failed(report)).toEqual(['vouchers'])
  expect(first(report)).toContain('against all that the lane ever anchored')
})

test('files that do not belong before it are refused', async () => {
  const other = await madeIn({ ...small, laneKey: bytes32Of('other lane') })
  const epochs = [honest, second.made, third.made]
  for (const previous of [[other.bytes], [honestBytes, honestBytes], [gzipSync('')]]) {
    const input = { previous: previous.map((bytes) => () => [bytes]) }
    await expect(verify(third.bytes, epochs, input)).rejects.toThrow('no epoch of the same lane')
  }
})

test('an epoch that does not follow the anchored one before it is named', async () => {
  const missing = await verify(third.bytes, [honest, third.made])
  expect(missing.mismatches.map(sentenceOf)).toContain(
    'Anchored epoch of the lane that ends with number 24: expected one, found none.',
  )
})

test('what is no epoch file is refused in a sentence where nobody says whose contracts to trust', async () => {
  const chain = memoryChain([honest], { trustedContracts: async () => null })
  for (const bytes of [Buffer.from('hello'), gzipSync('hello\n'), gzipSync(''), gzipSync('{"kind":"voucher"}\n')]) {
    await expect(verify(bytes, [honest], { chain })).rejects.toThrow(/epoch file/)
  }
})

test('an endpoint that is away ends the verification with its own sentence', async () => {
  const away = async (): Promise<never> => {
    throw new AppError('chain_unavailable', { publicMessage: 'The chain endpoint does not answer.' })
  }
  for (const method of [
    'chainId',
    'hasCode',
    'anchorEvent',
    'claimsOf',
    'claimed',
    'providerOfNode',
    'record',
    'recordedNodes',
  ] as const) {
    await expect(verify(honestBytes, [honest], { chain: memoryChain([honest], { [method]: away }) })).rejects.toThrow(
      'does not answer',
    )
  }
})

async function linesOf(bytes: Buffer): Promise<EpochFileLine[]> {
  const lines: EpochFileLine[] = []
  for await (const { line } of readEpochFile(bytes)) lines.push(line)
  return lines
}
