import { manualClock, prng } from '@isochrone/domain'
import type { Hex, NodeState } from '@isochrone/protocol'
import { decide, mergeRouting, replicaStateOf, type PlacementRequest } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { createControlStore } from '../control/control-state.ts'
import { node as lawfulNode } from '../lane/lane-fixtures.ts'
import type { NodeSession, Sessions } from '../ports.ts'
import { fakeNode, MODEL, type FakeNode } from '../testing/fake-node.ts'
import { createFleet } from './create-fleet.ts'

const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const work = { tokensIn: 100, tokensCached: 0, tokensOut: 50 }
const finished = {
  kind: 'finished',
  ...work,
  concurrency: 1,
  contextTokens: 0,
  engineTtftMs: 400,
  tpotMs: 20,
} as const

function world(states: Partial<NodeState>[]) {
  const clock = manualClock()
  const control = createControlStore()
  const nodes = states.map((state, index) => ({
    ...lawfulNode,
    nodeId: idOf(index + 1),
    id: `node_${index}`,
    ...state,
  }))
  control.replace({ version: 1, states: nodes })
  const linked = new Map<string, FakeNode>()
  const onLink: Parameters<Sessions['onChange']>[0][] = []
  const onReport: Parameters<Sessions['onReport']>[0][] = []
  const sessions: Sessions = {
    all: () => [...linked.values()],
    byNode: (nodeId) => linked.get(nodeId),
    onChange: (listener) => void onLink.push(listener),
    onReport: (listener) => void onReport.push(listener),
  }
  const fleet = createFleet({ sessions, control, clock })
  return {
    fleet,
    clock,
    control,
    nodes,
    link: (index: number, change: Partial<FakeNode> = {}): FakeNode => {
      const session = Object.assign(fakeNode(idOf(index + 1), {}), change)
      linked.set(session.nodeId, session)
      for (const listener of onLink) listener(session, true)
      return session
    },
    unlink: (session: FakeNode): void => {
      linked.delete(session.nodeId)
      for (const listener of onLink) listener(session, false)
    },
    report: (session: FakeNode, reported: Partial<NonNullable<NodeSession['reported']>>): void => {
      clock.advanceMs(1_000)
      const empty = { activeStreams: 0, queuedStreams: 0, ownAtHeartbeat: 0, tokensPerSecond: 0, draining: false }
      Object.assign(session, { reported: { ...empty, atMs: clock.nowMs(), ...reported } })
      for (const listener of onReport) listener(session)
    },
    streams: (index: number): number => {
      const pool = fleet.pool(MODEL)
      const slot = pool?.slotOf(idOf(index + 1))
      return pool && slot !== undefined ? replicaStateOf(pool, slot).activeStreams : -1
    },
    open: (index: number) => {
      const replica = fleet.byNode(MODEL, idOf(index + 1))
      const ticket = replica && fleet.open(replica, work, [])
      if (!ticket) throw new Error('not linked')
      return ticket
    },
  }
}

test('a node is in the pool while it is linked and admitted, with the terms that hold now', () => {
  const { fleet, control, nodes, link, unlink } = world([{}])
  expect(fleet.pool(MODEL)).toBeUndefined()
  const session = link(0)
  const pool = fleet.pool(MODEL)
  expect(pool?.size).toBe(1)
  const slot = pool?.slotOf(session.nodeId) ?? -1
  control.apply(2, { ...nodes[0]!, country: 'FR', tier: 'edge' })
  expect(pool?.offerAt(slot)).toMatchObject({ country: 'FR', tier: 'edge' })
  control.apply(3, { ...nodes[0]!, active: false })
  expect(pool?.size).toBe(0)
  control.apply(4, nodes[0]!)
  expect(pool?.size).toBe(1)
  unlink(session)
  expect(pool?.size).toBe(0)
  expect(fleet.byNode(MODEL, session.nodeId)).toBeUndefined()
})

/** What was shown to cheat gets nothing new, before its first report and after, until its checks pass; what it serves goes on. */
test('a node whose checks have failed takes no new work while they do', () => {
  const { fleet, control, nodes, link, report } = world([{}, { barred: true }])
  const pool = () => fleet.pool(MODEL)!
  const drains = (nodeId: string) => replicaStateOf(pool(), pool().slotOf(nodeId) ?? -1).draining
  const [honest, cheat] = [link(0), link(1)]
  expect([drains(honest.nodeId), drains(cheat.nodeId)]).toEqual([false, true])
  report(cheat, {})
  report(honest, {})
  expect([drains(honest.nodeId), drains(cheat.nodeId)]).toEqual([false, true])
  control.apply(2, { ...nodes[0]!, barred: true })
  control.apply(3, { ...nodes[1]!, barred: false })
  expect([drains(honest.nodeId), drains(cheat.nodeId)]).toEqual([true, false])
  expect(fleet.byNode(MODEL, honest.nodeId)).toBeDefined()
})

/** Several gateways send work to the same node: each sees the others' streams, and its own once. */
test('load is what the node reports, less our share of it, plus our streams now', () => {
  const { link, report, streams, open } = world([{}])
  const session = link(0)
  const first = open(0)
  first.sent()
  expect(streams(0)).toBe(1)
  report(session, { activeStreams: 4 })
  expect(streams(0)).toBe(4)
  const second = open(0)
  expect(streams(0)).toBe(5)
  first.closed(finished)
  expect(streams(0)).toBe(4)
  second.sent()
  report(session, { activeStreams: 2 })
  expect(streams(0)).toBe(2)
  second.closed(finished)
  second.closed(finished)
  expect(streams(0)).toBe(1)
})

test('an attempt of a link that is gone is never counted against the one after it', () => {
  const { link, unlink, streams, open } = world([{}, {}])
  const session = link(0)
  const stray = open(0)
  stray.sent()
  unlink(session)
  // The slot is used again, by another node and then by a new link of the same one.
  link(1)
  expect(streams(1)).toBe(0)
  stray.firstToken()
  stray.closed({ ...finished, kind: 'failed' })
  expect(streams(1)).toBe(0)
  link(0)
  expect(streams(0)).toBe(0)
})

test('what was learned of a node outlives its link', () => {
  const { fleet, link, unlink, open } = world([{}])
  const session = link(0)
  for (let i = 0; i < 40; i++) open(0).closed(finished)
  const learned = fleet.stateOf(session.nodeId)?.estimate
  expect(learned?.tpotBaseMs).toBeGreaterThan(8)
  unlink(session)
  link(0)
  const pool = fleet.pool(MODEL)!
  const { estimate } = replicaStateOf(pool, pool.slotOf(session.nodeId)!)
  expect(estimate.tpotBaseMs).toBeCloseTo(learned?.tpotBaseMs ?? 0)
})

/** A machine that is slow for half a minute is slow for the next request too; a slow customer says nothing of it. */
test('a replica whose streams fall behind is taken for slow at once, unless their customer holds them up', () => {
  const { fleet, clock, link, open } = world([{}, {}])
  link(0)
  link(1)
  const pool = fleet.pool(MODEL)!
  const tpotOf = (index: number) => replicaStateOf(pool, pool.slotOf(idOf(index + 1))!).estimate.tpotBaseMs
  const before = [tpotOf(0), tpotOf(1)]
  const streams = [0, 1].map((index) => {
    const ticket = open(index)
    ticket.sent()
    return { ticket, stream: ticket.firstToken() }
  })
  for (let look = 0; look < 20; look++) {
    clock.advanceMs(250)
    for (const { stream } of streams) stream.delivered += 1
    streams[1]!.stream.heldUp = 'since_last_look'
    fleet.look()
  }
  expect(tpotOf(0)).toBeGreaterThan(1.5 * (before[0] ?? Infinity))
  expect(tpotOf(1)).toBe(before[1])
  // One whole second without a look: this process was busy, and tokens may lie about unread.
  const { stream } = streams[1]!
  for (let look = 0; look < 20; look++) {
    clock.advanceMs(1_000)
    stream.delivered += 1
    fleet.look()
  }
  expect(tpotOf(1)).toBe(before[1])
  for (const { ticket } of streams) ticket.closed(finished)
  fleet.look()
})

/** Those that the next decision is likely to name are asked how they are, and only they, and not at each decision. */
test('what a decision named is asked for its load, which counts our own streams as the node does', () => {
  const { fleet, clock, link, report, streams, open } = world([{}, {}, {}])
  const sessions = [link(0), link(1), link(2)]
  const pool = fleet.pool(MODEL)!
  const slots = sessions.map(({ nodeId }) => pool.slotOf(nodeId)!)
  for (let decision = 0; decision < 100; decision++) {
    fleet.named(MODEL, [slots[0]!, slots[1]!])
    clock.advanceMs(1)
  }
  expect(sessions.map(({ asked }) => asked)).toEqual([2, 2, 0])
  // Two of ours are sent; the node has seen one of them, and one of another gateway.
  open(0).sent()
  open(0).sent()
  report(sessions[0]!, { activeStreams: 2, ownStreams: 1 })
  expect(streams(0)).toBe(3)
  report(sessions[0]!, { activeStreams: 2 })
  expect(streams(0)).toBe(2)
})

/** Else a prompt that is on its way hides as many tokens of other gateways, and the next one is sent behind them. */
test("prompts that wait are the node's, less our share as the node counts it, plus ours now", () => {
  const { fleet, clock, link, report, open } = world([{}])
  const session = link(0)
  const pool = fleet.pool(MODEL)!
  const asked = placementRequest()
  const waiting = (): number | undefined =>
    decide(pool, asked, prng(1), clock.nowMs()).record().sampled[0]?.prefillTokens
  const first = open(0)
  const second = open(0)
  expect(waiting()).toBe(200)
  first.sent()
  second.sent()
  // The node has got the first alone, beside 500 of another gateway.
  report(session, { activeStreams: 2, prefillTokens: 600, ownPrefillTokens: 100 })
  expect(waiting()).toBe(700)
  first.firstToken()
  expect(waiting()).toBe(600)
  // A node that does not say is taken to have got both.
  report(session, { activeStreams: 2, prefillTokens: 600 })
  expect(waiting()).toBe(600)
  // One that says that all of it is ours would seem empty, and still have what it declines by: we sent no more than we did.
  report(session, { activeStreams: 2, prefillTokens: 60_000, ownPrefillTokens: 60_000 })
  expect(waiting()).toBe(60_000)
})

test('a node that says that it is slow now is thought so, and one of several models is not', () => {
  const { fleet, link, report, open, unlink } = world([{}])
  const session = link(0)
  const tokenMs = () => fleet.stateOf(session.nodeId)?.estimate.tpotBaseMs ?? 0
  const ticket = open(0)
  ticket.sent()
  const usual = tokenMs()
  report(session, { activeStreams: 1, pace: 2.5 })
  expect(tokenMs()).toBeCloseTo(2.5 * usual)
  report(session, { activeStreams: 1 })
  expect(tokenMs()).toBeCloseTo(usual)
  ticket.closed({ ...finished, kind: 'cancelled' })
  unlink(session)
  const [model] = session.models
  const several = link(0, { models: [model!, { ...model!, model: 'another' }] })
  open(0).sent()
  report(several, { activeStreams: 1, pace: 2.5 })
  expect(tokenMs()).toBeCloseTo(usual)
})

test('what waited at a node before an attempt is no slowness of the node', () => {
  const { fleet, link, report, open } = world([{}])
  const session = link(0)
  for (let i = 0; i < 40; i++) {
    // 20,000 tokens of other gateways, 0.05 ms each, and then its own.
    report(session, { activeStreams: 1, prefillTokens: 20_000, ownPrefillTokens: 0 })
    const ticket = open(0)
    ticket.sent()
    ticket.firstToken()
    ticket.closed({ ...finished, engineTtftMs: 10 + 0.05 * 20_100 })
  }
  const estimate = fleet.stateOf(session.nodeId)?.estimate
  expect(estimate?.baseMs).toBeLessThan(100)
  expect(estimate?.prefillMsPerToken).toBeCloseTo(0.05, 2)
})

/** Whoever waits for a first token in time waits for prompts to be prefilled, and streams end later. */
test('there is room where prompts wait no more, though as many streams run', () => {
  const { fleet, link, report } = world([{}])
  const session = link(0)
  const room: string[] = []
  fleet.onRoom((model) => room.push(model))
  report(session, { activeStreams: 2, prefillTokens: 20_000 })
  room.length = 0
  report(session, { activeStreams: 2, prefillTokens: 30_000 })
  expect(room).toEqual([])
  report(session, { activeStreams: 2, prefillTokens: 5_000 })
  expect(room).toEqual([MODEL])
})

function placementRequest(): PlacementRequest {
  const { tokensIn, tokensOut } = work
  return {
    requestId: 'req_1',
    modelHash: null,
    tokensIn,
    tokensOutMax: tokensOut,
    tokensOutExpected: tokensOut,
    bytesIn: 400,
    prefixHashes: [],
    prefixBlockTokens: 16,
    policy: mergeRouting({}),
    excludeNodeIds: [],
  }
}

/** One long prompt that counts as nothing lets others in behind it. */
test('a node is told the whole prompt until caches have held for a while what they were thought to hold', () => {
  const { fleet, link } = world([{}])
  const session = link(0)
  const replica = fleet.byNode(MODEL, session.nodeId)
  if (!replica) throw new Error('it is linked')
  const cached = { tokensIn: 12_000, tokensCached: 10_000, tokensOut: 50 }
  const attempt = (tokensCached: number): number => {
    const ticket = fleet.open(replica, cached, [])
    ticket?.sent()
    ticket?.firstToken()
    ticket?.closed({ ...finished, ...cached, tokensCached })
    return ticket?.promptTokens ?? Number.NaN
  }
  expect(Array.from({ length: 5 }, () => attempt(10_000))).toEqual([12_000, 12_000, 12_000, 12_000, 12_000])
  for (let more = 0; more < 50; more++) attempt(10_000)
  expect(attempt(10_000)).toBe(2_000)
  for (let gone = 0; gone < 3; gone++) attempt(0)
  expect(attempt(10_000)).toBe(12_000)
})
