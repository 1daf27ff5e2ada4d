/**
 * Whole epochs for the worker's tests: a real file at a gateway's address, as anybody fetches it, and the journal entries
 * of the lane that closed it.
 */
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  encodeLine,
  encodeStruct,
  signStruct,
  type EpochFileLine,
  type Hex,
  type PerformanceRecord,
  type PerformanceSignedEntry,
  type SlaCounts,
} from '@isochrone/protocol'
import { makeEpoch, type MadeEpoch } from '@isochrone/verifier/testing'
import { ORG, type TestMarket } from './test-market.ts'

export interface EpochAt {
  epoch: number
  fromSeq: number
  receipts: number
  signedBefore?: ReadonlyMap<string, bigint>
  /** From one request to the next, ms: promises are judged by one request a second at most. */
  everyMs?: number
  /** What the lane signs in place of what the receipts make of a node. */
  lie?: (record: PerformanceRecord) => PerformanceRecord
  /** What stands in the file in place of a line; the journal has the honest one. */
  spoil?: (line: EpochFileLine) => EpochFileLine
}

export async function startEpochGateway(market: TestMarket, dir: string) {
  const { deployment, lane, providerId, nodeKey, channelId } = market
  const { chainId, addresses } = deployment
  const contracts = {
    paymentChannels: addresses.channels.toLowerCase() as Hex,
    receiptAnchor: addresses.anchor.toLowerCase() as Hex,
    slaLedger: addresses.ledger.toLowerCase() as Hex,
  }
  const fileOf = (epoch: number) => join(dir, `made-${epoch}.jsonl.gz`)
  const ledger = { chainId, verifyingContract: contracts.slaLedger }
  const server = createServer((request, response) => {
    const epoch = /^\/v1\/epochs\/(\d+)\/file(?:\?|$)/.exec(request.url ?? '')?.[1]
    readFile(fileOf(Number(epoch))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  /** The entries in the order in which a lane writes them: requests, the epoch, its records. */
  async function publish({
    lie,
    spoil = (line) => line,
    ...at
  }: EpochAt): Promise<{ made: MadeEpoch; entries: unknown[] }> {
    const entries: unknown[] = []
    const counts: SlaCounts[] = []
    const records: PerformanceSignedEntry[] = []
    const named = { ...contracts, chainId, laneKey: lane.laneKey, nodeKeys: [nodeKey], providerId }
    function* tapped(lines: Iterable<EpochFileLine>): Generator<EpochFileLine> {
      for (const line of lines) {
        if (line.kind === 'delivery') entries.push(finished(line))
        if (line.kind === 'counts') counts.push(line.counts)
        if (line.kind !== 'record') {
          yield spoil(line)
          continue
        }
        const value = lie ? lie(line.record.value) : line.record.value
        const record = signStruct(ledger, 'PerformanceRecord', value, lane.laneKey)
        records.push(signedEntry(value, counts))
        yield { kind: 'record', record }
      }
    }
    const requestName = (seq: number) => `req_${String(seq).padStart(32, '0')}`
    const shape = { ...named, channelIds: [channelId], leaseEvery: 0, requestName }
    const made = await makeEpoch(fileOf(at.epoch), { ...shape, ...at, seed: at.epoch }, tapped)
    const { anchor, vouchers } = made
    entries.push({
      type: 'epoch-closed',
      lane: lane.lane,
      anchor: encodeStruct('EpochAnchor', anchor.value),
      anchorSignature: anchor.signature,
      vouchers: vouchers.map(({ value, signature }) => ({ voucher: encodeStruct('Voucher', value), signature })),
      nodes: records.map(({ record }) => record.nodeId),
      fromSeq: at.fromSeq,
      toSeq: at.fromSeq + at.receipts - 1,
      closedAtMs: Date.now(),
    })
    return { made, entries: [...entries, ...records] }

    function finished(line: Extract<EpochFileLine, { kind: 'delivery' }>): unknown {
      const { value } = line.delivery
      return { ...outcomeOf(requestName(value.seq), value), lane: lane.lane, receipts: [encodeLine(line)] }
    }
  }

  /** As a lane signs a record, with its node's signature. */
  function signedEntry(record: PerformanceRecord, counts: readonly SlaCounts[]): PerformanceSignedEntry {
    const signed = (key: Hex) => signStruct(ledger, 'PerformanceRecord', record, key).signature
    return {
      type: 'performance-signed',
      lane: lane.lane,
      record: encodeStruct('PerformanceRecord', record),
      laneSignature: signed(lane.laneKey),
      nodeSignature: signed(nodeKey),
      nodeReason: null,
      counts: counts.map((row) => encodeStruct('SlaCounts', row)),
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fileOf,
    publish,
    signedEntry,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function outcomeOf(
  requestId: string,
  delivery: { channelId: Hex; httpStatus: number; startedAtMs: number; price: bigint },
) {
  const { channelId, httpStatus, startedAtMs, price } = delivery
  const failed = httpStatus >= 400
  return {
    type: 'request-finished',
    request: {
      requestId,
      orgId: ORG,
      keyId: null,
      jobId: null,
      channelId,
      path: '/v1/chat/completions',
      model: 'tiny',
      stream: true,
      status: failed ? 'failed' : 'succeeded',
      httpStatus,
      errorCode: failed ? 'provider_failed' : null,
      errorMessage: failed ? 'The node failed.' : null,
      receivedAtMs: startedAtMs,
      finishedAtMs: startedAtMs + 9,
      ttftMs: 3,
      tpotMs: 1.5,
      tokensIn: 1,
      tokensCached: 0,
      tokensOut: 1,
      priceMicroUsd: price.toString(),
      attempts: [],
      placement: { engineVersion: 'test' },
    },
  }
}
