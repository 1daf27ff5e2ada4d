/** Test support: a lane that signs deliveries to a node, closes epochs of them, and serves the files as a gateway does. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import {
  addressOfKey,
  addressToBytes32,
  bytesToHex,
  deliveryPriceMicroUsd,
  documentHashOf,
  encodeStruct,
  hexToBytes,
  keccak256,
  leafBytesOfHash,
  LeafBuffer,
  merkleRoot,
  pricesOfTerms,
  randomBytes32,
  signStruct,
  structHash,
  termsHashOf,
  writeEpochFile,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochFileLine,
  type EpochNotice,
  type Hex,
  type MeteringCorrection,
  type PerformanceRecord,
  type ReceiptPair,
  type SigningDomain,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import { evaluateSla } from '@isochrone/verifier/sla'

export interface TestEpoch {
  notice: EpochNotice
  bytes: Buffer
}

export interface CloseChanges {
  pairs?: ReceiptPair[]
  /** What the record says instead of what follows from the receipts. */
  record?: Partial<PerformanceRecord>
  recordKey?: Hex
  header?: { epoch?: number; sum?: bigint }
  fromSeq?: number
  corrections?: MeteringCorrection[]
  /** Served and signed for instead of the file. */
  bytes?: Buffer
}

const document = { model: 'demo' }
const noRegion: Hex = `0x${'00'.repeat(8)}`

export class TestLane {
  readonly key = randomBytes32()
  readonly id = addressToBytes32(addressOfKey(this.key))
  readonly domain: SigningDomain = { chainId: 31_337, verifyingContract: `0x${'c0'.repeat(20)}` }
  readonly receiptAnchor: Hex = `0x${'c1'.repeat(20)}`
  readonly slaLedger: Hex = `0x${'c2'.repeat(20)}`
  readonly terms: Terms = {
    providerId: randomBytes32(),
    documentHash: documentHashOf(document),
    inPerMtok: 1_000_000,
    cachedPerMtok: 0,
    outPerMtok: 2_000_000,
    inPerGb: 0,
    outPerGb: 0,
    perGpuHour: 0,
    ttftBaseMs: 100,
    ttftPerKtokMs: 0,
    tpotUs: 0,
    concurrencyMax: 0,
    penaltyBps: 0,
    sloRegion: noRegion,
  }
  /** What is served for each path; null is an answer of 404. */
  readonly files = new Map<string, Buffer | null>()
  /** A byte each 20 ms, for ever: neither done nor silent. */
  isDripping = false
  fetches = 0
  #server: Server | undefined
  #port = 0
  #nextSeq = 1
  #fromSeq = 1
  #lastEpoch = 0
  #pairs: ReceiptPair[] = []

  async serve(): Promise<void> {
    const server = createServer((request, response) => {
      this.fetches += 1
      const bytes = this.files.get(request.url ?? '')
      if (this.isDripping) {
        const drip = setInterval(() => response.write('x'), 20)
        response.on('close', () => clearInterval(drip))
        return
      }
      response.writeHead(bytes ? 200 : 404).end(bytes ?? '')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  urlOf(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
  }

  /** Signs a delivery for work that the node signed. */
  deliver(nodeKey: Hex, changes: Partial<DeliveryReceipt> = {}, workKey: Hex | null = nodeKey): ReceiptPair {
    const nodeId = addressToBytes32(addressOfKey(nodeKey))
    const termsHash = termsHashOf(this.terms)
    const names = { channelId: randomBytes32(), requestId: randomBytes32(), attempt: 0, nodeId, termsHash }
    const work: WorkReceipt = {
      ...names,
      seq: this.#nextSeq,
      modelHash: ZERO_BYTES32,
      requestHash: ZERO_BYTES32,
      outputHash: ZERO_BYTES32,
      integrityRoot: ZERO_BYTES32,
      tokensIn: 20,
      tokensCached: 0,
      tokensOut: 10,
      engineTtftUs: 1_000,
      engineDurationUs: 2_000,
      finishedAtMs: 1_700_000_000_000,
      status: 0,
    }
    const bare: DeliveryReceipt = {
      ...names,
      workHash: workKey ? structHash('WorkReceipt', work) : ZERO_BYTES32,
      lane: this.id,
      seq: this.#nextSeq++,
      billedIn: 20,
      billedCached: 0,
      billedOut: 10,
      bytesIn: 0,
      bytesOut: 0,
      price: 0n,
      attemptTtftMs: 50,
      durationMs: 200,
      startedAtMs: 1_700_000_000_000 + this.#nextSeq * 1_000,
      httpStatus: 200,
      fault: 0,
      region: noRegion,
    }
    const delivery = { ...bare, price: deliveryPriceMicroUsd(bare, pricesOfTerms(this.terms)), ...changes }
    const pair = {
      delivery: signStruct(this.domain, 'DeliveryReceipt', delivery, this.key),
      work: workKey ? signStruct(this.domain, 'WorkReceipt', work, workKey) : null,
    }
    this.#pairs.push(pair)
    return pair
  }

  /** Closes an epoch over what was delivered since the last one, with a notice for the node, and serves its file. */
  async close(nodeId: Hex, changes: CloseChanges = {}): Promise<TestEpoch> {
    const pairs = changes.pairs ?? this.#pairs
    const epoch = (this.#lastEpoch += 1)
    const [fromSeq, toSeq] = [changes.fromSeq ?? this.#fromSeq, this.#nextSeq - 1]
    this.#pairs = []
    this.#fromSeq = this.#nextSeq
    const leaves = new LeafBuffer()
    let sum = 0n
    for (const { delivery, work } of pairs) {
      if (work) leaves.add(leafBytesOfHash('WorkReceipt', hexToBytes(structHash('WorkReceipt', work.value))))
      leaves.add(leafBytesOfHash('DeliveryReceipt', hexToBytes(structHash('DeliveryReceipt', delivery.value))))
      sum += delivery.value.price
    }
    const what = { lane: this.id, epoch, fromSeq, toSeq, count: leaves.size, sum, root: merkleRoot(leaves) }
    const nodes = evaluateSla(
      { lane: this.id, epoch, terms: (hash) => (hash === termsHashOf(this.terms) ? this.terms : undefined) },
      pairs.map(({ delivery }) => ({ delivery: delivery.value })),
    )
    const recordOf = (record: PerformanceRecord) => {
      const value = record.nodeId === nodeId ? { ...record, ...changes.record } : record
      const at = { chainId: this.domain.chainId, verifyingContract: this.slaLedger }
      return signStruct(at, 'PerformanceRecord', value, changes.recordKey ?? this.key)
    }
    const records = nodes.map(({ record }) => recordOf(record))
    const own = records.find(({ value }) => value.nodeId === nodeId)
    if (!own) throw new Error('the node has nothing in this epoch')
    const { chainId, verifyingContract: paymentChannels } = this.domain
    const { receiptAnchor, slaLedger } = this
    const lines: EpochFileLine[] = [
      {
        kind: 'header',
        version: 3,
        chainId,
        paymentChannels,
        receiptAnchor,
        slaLedger,
        ...what,
        ...changes.header,
      },
      { kind: 'terms', terms: this.terms, document },
      ...(changes.corrections ?? []).map((each): EpochFileLine => ({ kind: 'correction', ...each })),
      ...pairs.map((pair): EpochFileLine => ({ kind: 'delivery', ...pair })),
      ...nodes.flatMap(({ counts }) => counts.map((each): EpochFileLine => ({ kind: 'counts', counts: each }))),
      ...records.map((record): EpochFileLine => ({ kind: 'record', record })),
    ]
    const chunks: Buffer[] = []
    const sink = new Writable({
      write(chunk: Buffer, _, done) {
        chunks.push(chunk)
        done()
      },
    })
    const written = await writeEpochFile(sink, lines)
    const bytes = changes.bytes ?? Buffer.concat(chunks)
    const dataHash = changes.bytes ? bytesToHex(keccak256(changes.bytes)) : written.dataHash
    const anchorDomain = { chainId, verifyingContract: receiptAnchor }
    const anchor = signStruct(anchorDomain, 'EpochAnchor', { ...what, dataHash }, this.key)
    const filePath = `/v1/epochs/${epoch}/file`
    this.files.set(filePath, bytes)
    return {
      bytes,
      notice: {
        anchor: encodeStruct('EpochAnchor', anchor.value),
        anchorSignature: anchor.signature,
        receiptAnchor,
        filePath,
        fileBytes: bytes.length,
        record: encodeStruct('PerformanceRecord', own.value),
        recordSignature: own.signature,
        slaLedger,
      },
    }
  }
}
