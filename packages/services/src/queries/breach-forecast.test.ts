/** A provider is told which record would cost it money while it can still say that its counts are wrong: that one, and no other. */
import { AppError } from '@isochrone/domain'
import { encodeStruct, type Hex, type SlaCounts } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { WaitingCountsRow } from '../ports/evidence-readings.ts'
import type { PoolCounts, PoolDesk } from '../ports/pool-desk.ts'
import { makeTerms, noPromises } from '../providers/terms.ts'
import { breachForecast } from './breach-forecast.ts'

const id = (digit: string): Hex => `0x${digit.repeat(64)}`
const [node, lane, payer, other, providerId] = [id('1'), id('2'), id('3'), id('4'), id('5')]
const prices = {
  inMicroUsdPerMtok: 1n,
  cachedMicroUsdPerMtok: 1n,
  outMicroUsdPerMtok: 1n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}
const termsOf = (penaltyBps: number) =>
  makeTerms({
    providerId,
    prices,
    promises: { ...noPromises, ttftBaseMs: 1_000, penaltyBps },
    document: {} as Parameters<typeof makeTerms>[0]['document'],
  })
const terms = termsOf(1_000)
const none: PoolCounts = { samples: 0, faults: 0, ttftSamples: 0, ttftOver: 0, tpotSamples: 0, tpotOver: 0, spent: 0n }

interface Said extends Partial<SlaCounts> {
  status?: 'reported' | 'final'
  finalAtS?: bigint
}
function row(epoch: number, { status = 'reported', finalAtS, ...said }: Said = {}): WaitingCountsRow {
  const channelId = said.channelId ?? payer
  const late = { samples: 60, ttftSamples: 60, ttftOver: 30, spent: 1_000n }
  const counts = { ...none, ...late, nodeId: node, lane, epoch, termsHash: terms.hash, ...said, channelId }
  return {
    nodeId: node,
    lane,
    epoch: BigInt(epoch),
    channelId,
    termsHash: counts.termsHash,
    leaf: id('9'),
    counts: encodeStruct('SlaCounts', counts),
    countedTx: null,
    broken: null,
    creditMicroUsd: null,
    status,
    finalAtS: finalAtS ?? BigInt(1_000 + epoch),
  }
}

function forecastOf(rows: WaitingCountsRow[], held: PoolCounts | AppError, known = terms) {
  const asked: string[] = []
  const pools: PoolDesk = {
    async poolOf({ channelId }) {
      asked.push(channelId)
      if (held instanceof AppError) throw held
      return held
    },
    // As the ledger: nothing below 500 samples, then TTFT by one in ten.
    test(pool) {
      if (pool.samples < 500) return { bits: 0, after: pool }
      return { bits: pool.ttftOver * 10 >= pool.samples ? 2 : 0, after: none }
    },
  }
  const store = {
    providers: {
      nodes: async () => [{ nodeId: node }],
      nodesByNodeId: async () => [
        { id: 'node_1', nodeId: node, name: 'ada-2', provider: { name: 'Ada' }, simulated: false },
      ],
      terms: async () => new Map([[known.hash, known]]),
    },
    evidence: { waitingCounts: async () => rows },
  } as unknown as ControlPlaneDeps['store']
  return { asked, said: breachForecast({ store, pools }, { providerId }) }
}

const pool = (samples: number): PoolCounts => ({ ...none, samples, ttftSamples: samples, ttftOver: 40, spent: 9_000n })

test('the record that takes a pool over its test is named, with what it would cost and until when it can be contested', async () => {
  const { said } = forecastOf([row(8), row(7)], pool(440))
  expect(await said).toMatchObject({
    isKnown: true,
    breaches: [
      {
        node: { name: 'ada-2' },
        epoch: 7,
        promises: ['ttft'],
        samples: 500,
        ttftOver: 70,
        creditMicroUsd: 1_000n,
        contestUntilMs: 1_007_000,
      },
    ],
  })
})

test('records count in the order in which they become final, those that are final first', async () => {
  const late = row(7, { finalAtS: 2_000n })
  expect((await forecastOf([late, row(8)], pool(440)).said).breaches.map(({ epoch }) => epoch)).toEqual([8])
  // A final one is counted before any that is reported: it breaks the pool, and cannot be contested any more.
  expect((await forecastOf([row(8), row(9, { status: 'final' })], pool(440)).said).breaches).toEqual([])
})

test('too few samples, promises that hold, terms without a penalty, and records that are final are no warning', async () => {
  expect((await forecastOf([row(7)], pool(439)).said).breaches).toEqual([])
  expect((await forecastOf([row(7, { ttftOver: 0 })], pool(440)).said).breaches).toEqual([])
  expect((await forecastOf([row(7, { status: 'final' })], pool(440)).said).breaches).toEqual([])
  const free = termsOf(0)
  const unpaid = forecastOf([row(7, { termsHash: free.hash })], pool(440), free)
  expect((await unpaid.said).breaches).toEqual([])
  expect(unpaid.asked).toEqual([])
})

test('each payer has a pool of its own', async () => {
  const { said, asked } = forecastOf([row(7, { channelId: other }), row(7)], pool(440))
  expect((await said).breaches.map(({ channelId }) => channelId).toSorted()).toEqual([payer, other])
  expect(asked.toSorted()).toEqual([payer, other])
})

test('while the chain is away nothing is promised, and the page still comes', async () => {
  const away = new AppError('chain_unavailable', { publicMessage: 'away' })
  expect(await forecastOf([row(7)], away).said).toEqual({ isKnown: false, breaches: [] })
  await expect(forecastOf([row(7)], new AppError('internal', { publicMessage: 'broken' })).said).rejects.toThrow(
    'broken',
  )
})
