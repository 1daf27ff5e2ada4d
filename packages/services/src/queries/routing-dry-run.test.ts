/** A dry run is the engine's own word: an unchanged policy changes nothing, and a changed one refuses what it forbids. */
import { manualClock, prng } from '@isochrone/domain'
import {
  createReplicaPool,
  decide,
  mergeRouting,
  packPlacement,
  parseRoutingPolicy,
  type ReplicaOffer,
} from '@isochrone/scheduler'
import { expect, test, vi } from 'vitest'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import { changedPolicy } from './changed-policy.ts'
import { routingDryRun } from './routing-dry-run.ts'
import type { RoutingJson } from './views/routing.ts'

const nowMs = 1_700_000_000_000
const id = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const offer = (n: number, country: string, outPerMtok: number, baseMs: number): ReplicaOffer => ({
  nodeId: id(n),
  providerId: id(100 + n),
  modelHash: id(7),
  failureDomain: `dc-${n}`,
  region: 'somewhere',
  country,
  tier: 'cloud',
  gpuClass: 'H200',
  trust: 'challenged',
  dataPolicy: 'any',
  contextTokensMax: 131_072,
  prices: { inPerMtok: 100_000, cachedPerMtok: 20_000, outPerMtok, inPerGb: 0, outPerGb: 0 },
  concurrencyMax: 64,
  prior: { baseMs, prefillMsPerToken: 0.03, tpotBaseMs: 9, tpotPerStreamMs: 0.3, tpotPerStreamTokenMs: 0 },
})
const wish = (routing: RoutingJson) => parseRoutingPolicy(routing).policy

/** Germany is dear and fast, the United States cheap and slow. */
function records(count: number, organisation: RoutingJson, request: RoutingJson = {}) {
  const pool = createReplicaPool({ prefixBlocksMax: 1 })
  const idle = { atMs: nowMs, activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false }
  for (const one of [offer(1, 'DE', 900_000, 10), offer(2, 'US', 300_000, 300)]) pool.report(pool.upsert(one), idle)
  const policy = mergeRouting({ organisation: wish(organisation), request: wish(request) })
  return Array.from({ length: count }, (_, n) => {
    const asked = {
      requestId: `req_${n}`,
      modelHash: null,
      tokensIn: 1_000,
      tokensOutMax: 400,
      tokensOutExpected: 200,
      bytesIn: 4_000,
      prefixHashes: [],
      prefixBlockTokens: 16,
      policy,
      excludeNodeIds: [],
    }
    // As a gateway writes it.
    const placement = packPlacement(decide(pool, asked, prng(n + 1), nowMs).record())
    return {
      id: `req_${n}`,
      receivedAt: new Date(nowMs - n),
      placement: JSON.parse(JSON.stringify(placement)) as unknown,
    }
  })
}

function dryRun(
  rows: { id: string; receivedAt: Date; placement: unknown }[],
  saved: RoutingJson,
  changed: RoutingJson,
) {
  const placements = vi.fn(async ({ before, limit }: { before: { id: string } | null; limit: number }) => {
    const start = before ? rows.findIndex((row) => row.id === before.id) + 1 : 0
    return rows.slice(start, start + limit)
  })
  const nodes = [1, 2].map((n) => ({ id: `node_${n}`, nodeId: id(n) }))
  const providers = { nodes: async () => nodes }
  const store = { accounts: { settings: async () => ({ routing: saved }) }, readings: { placements }, providers }
  const deps = { store, clock: manualClock(nowMs) } as unknown as ControlPlaneDeps
  return { placements, result: routingDryRun(deps, { orgId: 'org_1', routing: changed }) }
}

test('the saved policy once more refuses nothing, moves nothing and costs the same', async () => {
  const saved = { sort: 'price' }
  const { placements, result } = dryRun(records(250, saved), saved, saved)
  expect(await result).toMatchObject({
    requests: 250,
    compared: 250,
    moved: 0,
    refused: [],
    admitted: 0,
    unreadable: 0,
  })
  const { costMicroUsd, ttftMs } = await result
  expect(costMicroUsd.after).toBe(costMicroUsd.before)
  expect(ttftMs.after).toBe(ttftMs.before)
  expect(placements.mock.calls.map(([filter]) => filter)).toEqual(
    Array.from({ length: 3 }, () => expect.objectContaining({ orgId: 'org_1', since: new Date(nowMs - 86_400_000) })),
  )
})

test('latency instead of price: other nodes, dearer, sooner; and the reverse', async () => {
  const rows = records(40, { sort: 'price' })
  const { moved, costMicroUsd, ttftMs } = await dryRun(rows, { sort: 'price' }, { sort: 'latency' }).result
  expect(moved).toBeGreaterThan(30)
  expect(costMicroUsd.after).toBeGreaterThan(costMicroUsd.before)
  expect(ttftMs.after).toBeLessThan(ttftMs.before ?? 0)
})

test('what a constraint leaves no node for is refused, with the reason', async () => {
  const rows = records(10, {})
  const refusals = async (changed: RoutingJson) => (await dryRun(rows, {}, changed).result).refused
  expect(await refusals({ regions: ['FR'] })).toEqual([{ reason: 'outside_residency', count: 10 }])
  expect(await refusals({ max_price: { output: 0.01 } })).toEqual([{ reason: 'over_price_cap', count: 10 }])
  expect(await refusals({ min_trust: 'attested' })).toEqual([{ reason: 'trust', count: 10 }])
  expect(await refusals({ regions: ['DE'] })).toEqual([])
})

test('what a request asked for itself stays, inside the new default', async () => {
  const own = records(10, {}, { regions: ['US'], sort: 'latency' })
  expect(await dryRun(own, {}, { sort: 'price' }).result).toMatchObject({ moved: 0, refused: [] })
  expect(await dryRun(own, {}, { regions: ['EU'] }).result).toMatchObject({
    refused: [{ reason: 'contradiction', count: 10 }],
    compared: 0,
    ttftMs: { before: null, after: null },
  })
})

test('a default is taken back with what it forbade, and no more than 1,000 decisions are made again', async () => {
  const saved = { max_price: { output: 0.5 }, exclude: [id(9)], data_policy: 'any', gpu_classes: ['H200'] }
  const merged = mergeRouting({ organisation: wish(saved), request: wish({ min_trust: 'challenged' }) })
  expect(changedPolicy(merged, wish(saved), {})).toEqual({
    ...mergeRouting({ organisation: {} }),
    minTrust: 'challenged',
  })
  const [row] = records(1, {})
  const many = Array.from({ length: 1_200 }, (_, n) => ({ ...row, id: `r_${n}` }) as typeof row & object)
  expect((await dryRun(many, {}, {}).result).requests).toBe(1_000)
})

test('requests without a decision, and decisions of another engine, are counted and left', async () => {
  const rows = records(3, {})
  const [first, second] = rows
  if (first) first.placement = null
  if (second) second.placement = { ...(second.placement as object), engineVersion: 'other' }
  expect(await dryRun(rows, {}, {}).result).toMatchObject({ requests: 1, unreadable: 2 })
})

test('a policy that contradicts itself names the field', async () => {
  await expect(dryRun([], {}, { sort: 'price', value_of_second_usd: 1 }).result).rejects.toMatchObject({
    code: 'invalid_input',
  })
})

test('a node is excluded by the id that people see, in the saved policy and in the changed one', async () => {
  const american = await dryRun(
    records(10, { sort: 'price' }),
    { sort: 'price' },
    { sort: 'price', exclude: ['node_2'] },
  ).result
  expect([american.compared, american.moved]).toEqual([10, 10])
  const both = await dryRun(records(10, {}), {}, { exclude: ['node_1', 'node_2'] }).result
  expect(both.refused).toEqual([{ reason: 'excluded', count: 10 }])
  // What the default excluded until now, its records name by the other id: it is the default's, and goes with it.
  const recorded = records(10, { sort: 'price', exclude: [id(2)] })
  const freed = await dryRun(recorded, { sort: 'price', exclude: ['node_2'] }, { sort: 'price' }).result
  expect([freed.compared, freed.moved]).toEqual([10, 10])
})
