/**
 * The request flow and its HTTP edge on a real port, with nodes and a lane in memory: bills like the real lane, writes
 * nothing. For tests of what customers see.
 */
import { hash } from 'node:crypto'
import { AppError, priceMicroUsd, prng, systemClock } from '@isochrone/domain'
import {
  fault,
  type DeliveryReceipt,
  type DispatchResponse,
  type Hex,
  type NodeState,
  type RequestFinishedEntry,
} from '@isochrone/protocol'
import { createLogger, createMetrics, listen } from '@isochrone/runtime'
import type { JobState } from '@isochrone/services'
import OpenAI from 'openai'
import { createBudget } from '../budget/budget.ts'
import { createKeyBudgets } from '../budget/key-budgets.ts'
import { createControlStore } from '../control/control-state.ts'
import { createApp } from '../http/create-app.ts'
import { memoryIdempotencyStore } from '../idempotency/idempotency-store.ts'
import { createIdempotency } from '../idempotency/idempotency.ts'
import type { GatewayDeps } from '../http/gateway-deps.ts'
import { createGatewayMetrics } from '../http/gateway-metrics.ts'
import type { JobKnowledge } from '../lane/job-memory.ts'
import { keyPeriodsAt, type KeyPeriod } from '../lane/key-spend.ts'
import type { AttemptSeen, CompletedAttempt, Lane, Sessions } from '../ports.ts'
import { createHedging, type Hedging } from '../requests/limits/hedging.ts'
import { createFairStarts } from '../requests/limits/fair-starts.ts'
import { createMeasurements } from '../requests/placement/node-measurements.ts'
import { createFleet } from '../fleet/create-fleet.ts'
import { createPlacer } from '../requests/placement/place-request.ts'
import { createStopping } from '../requests/stopping.ts'
import { createWaitingRoom } from '../requests/placement/waiting-room.ts'
import { createRequestLimits } from '../requests/limits/request-limits.ts'
import { pricesOf } from '../requests/limits/reserve-price.ts'
import { MODEL, type FakeNode } from './fake-node.ts'
import { memoryBudgetStore } from './memory-budget-store.ts'
import type { AttemptLimits } from '../requests/limits/attempt-limits.ts'

export const API_KEY = 'iso_test_key'
/** Of a second organisation. */
export const OTHER_KEY = 'iso_other_key'
export const INTERNAL_TOKEN = 'a-token-for-tests-of-the-gateway'
export const CHANNEL: Hex = `0x${'cc'.repeat(32)}`
export const testPrices = {
  inMicroUsdPerMtok: '1000000',
  cachedMicroUsdPerMtok: '500000',
  outMicroUsdPerMtok: '3000000',
  inMicroUsdPerGb: '0',
  outMicroUsdPerGb: '0',
}

type LinkListener = Parameters<Sessions['onChange']>[0]
type ReportListener = Parameters<Sessions['onReport']>[0]

export interface FakeGatewayOptions {
  nodes: FakeNode[]
  /** What the control plane knows of each node, by its place in `nodes`. */
  nodeStates?: Partial<NodeState>[]
  /** The first organisation's default routing policy. */
  routing?: Record<string, unknown>
  /** Where it stands; nowhere that was said. */
  place?: { country: string; region: string }
  patienceMs?: number
  goingOn?: GatewayDeps['serve']['goingOn']
  hedging?: Hedging
  limitMicroUsd?: bigint
  requestsPerMinuteMax?: number
  concurrentRequestsMax?: number
  attemptLimits?: AttemptLimits
  bodyBytesMax?: number
  lingerMsMax?: number
  change?: (deps: GatewayDeps) => void
}

export async function startFakeGateway(options: FakeGatewayOptions) {
  const control = createControlStore(options.place)
  control.replace({ version: 1, states: statesOf(options) })
  const entries: Omit<RequestFinishedEntry, 'type' | 'lane'>[] = []
  const lane = fakeLane(entries)
  const linkListeners: LinkListener[] = []
  const reportListeners: ReportListener[] = []
  const sessions = {
    all: () => options.nodes,
    byNode: (id: string) => options.nodes.find((n) => n.nodeId === id),
    onChange: (listener: LinkListener) => void linkListeners.push(listener),
    onReport: (listener: ReportListener) => void reportListeners.push(listener),
  }
  const measurements = createMeasurements()
  const limit = { microUsd: options.limitMicroUsd ?? 1_000_000n }
  const budget = createBudget({
    store: memoryBudgetStore<Hex>(() => limit.microUsd),
    signedMicroUsd: (channelId) => lane.signedMicroUsd(channelId),
    recoverableMicroUsd: () => 0n,
    nowMs: () => Date.now(),
  })
  const keyBudgets = createKeyBudgets({
    control,
    store: memoryBudgetStore((period: KeyPeriod) => {
      const of = control.keyById(period.slice(0, period.lastIndexOf(':')))?.budget
      return of ? BigInt(of.microUsd) : null
    }),
    leasedOf: async () => [],
    spentMicroUsd: (period) => billedInPeriod(entries, period),
    recoverableMicroUsd: () => 0n,
    nowMs: () => Date.now(),
  })
  const clock = systemClock
  const fleet = createFleet({ sessions, control, clock })
  const placer = createPlacer({ fleet, rng: prng(1), clock })
  const room = createWaitingRoom({ placer, onRoom: fleet.onRoom, clock })
  const logger = createLogger('gateway-test', 'silent')
  const requestLimits = createRequestLimits(clock)
  const stopping = createStopping()
  const jobs = new Map<string, { orgId: string; input: unknown; state: JobState }>()
  const deps: GatewayDeps = {
    control,
    sessions,
    lane,
    serve: {
      lane,
      budget,
      keyBudgets,
      placer,
      room,
      measurements,
      limits: options.attemptLimits ?? { silenceMsMax: 5_000, totalMsMax: 10_000 },
      logger,
      clock,
      stopping,
      hedging: options.hedging ?? createHedging(),
      moves: fleet.moves,
      ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
      goingOn: options.goingOn ?? { patienceMs: 300, keepAliveMs: 5_000 },
      nextAttempt: (ctx) => (ctx.jobId ? lane.attemptsOf(ctx.requestId) : 0),
    },
    requestLimits,
    starts: createFairStarts(),
    idempotency: createIdempotency({
      store: memoryIdempotencyStore(),
      clock,
      secret: INTERNAL_TOKEN,
      requireInside: () => {},
    }),
    jobs: {
      requireInside: () => {},
      enqueue: async (input) => {
        const id = `job_${'0'.repeat(31)}${jobs.size}`
        const { source = null, kind, model, body } = input
        const times = { createdAtMs: 0, finishedAtMs: null, deadlineAtMs: null }
        const end = { httpStatus: null, answer: null, error: null, erased: false }
        const state: JobState = {
          id,
          requestId: 'req_0',
          kind,
          model,
          status: 'queued',
          ...times,
          source,
          body,
          ...end,
        }
        jobs.set(id, { orgId: input.orgId, input, state })
        return state
      },
      get: async (orgId, id) => (jobs.get(id)?.orgId === orgId ? jobs.get(id)?.state : undefined),
      status: async (id) => jobs.get(id)?.state.status ?? null,
      async cancel(orgId, id) {
        const job = jobs.get(id)
        if (job?.orgId !== orgId) throw new AppError('not_found', { publicMessage: 'There is no such job.' })
        return (job.state = { ...job.state, status: 'cancelled', finishedAtMs: 1 })
      },
      async erase(orgId, id) {
        if (jobs.get(id)?.orgId === orgId) jobs.delete(id)
      },
      progress: {
        write: () => ({ end: async () => {}, drop: async () => {} }),
        read: async () => [],
        erase: async () => {},
      },
      cancellations: { announce: async () => {}, watch: () => () => {}, stop: () => {} },
    },
    epochs: {
      close: async () => ({ epoch: 7, fromSeq: 1, toSeq: entries.length, count: 2 * entries.length }),
      correctRecord: async ({ epoch }) => epoch === 7,
    },
    metrics: createGatewayMetrics(createMetrics('gateway', { defaults: false }), () => ({
      activeRequests: () => requestLimits.active(),
      waitingRequests: () => room.size,
      linkedNodes: () => options.nodes.length,
      leaseIdleMicroUsd: () => budget.idleMicroUsd(),
      controlVersion: () => control.version,
      loopLateMs: () => 0,
    })),
    knownModels: { has: (model) => model === MODEL, any: true },
    notReady: () => null,
    sealingDomain: { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` },
    internalToken: INTERNAL_TOKEN,
    logger,
    clock,
    ...(options.bodyBytesMax !== undefined && { bodyBytesMax: options.bodyBytesMax }),
    ...(options.lingerMsMax !== undefined && { lingerMsMax: options.lingerMsMax }),
  }
  options.change?.(deps)
  const app = await createApp(deps)
  const { url } = await listen(app.server, { host: '127.0.0.1', port: 0 })
  const openai = new OpenAI({ apiKey: API_KEY, baseURL: `${url}/v1`, maxRetries: 0 })
  return {
    url,
    openai,
    entries,
    control,
    deps,
    fleet,
    lane,
    budget,
    jobs,
    room,
    stopping,
    /** As the link server does when a node links. */
    link: (node: FakeNode) => {
      if (!options.nodes.includes(node)) options.nodes.push(node)
      for (const listener of linkListeners) listener(node, true)
    },
    /** As it does when a node has said how it is. */
    report: (node: FakeNode) => {
      for (const listener of reportListeners) listener(node)
    },
    close: () => app.close(),
  }
}

function statesOf(options: FakeGatewayOptions) {
  const { nodes, nodeStates = [], routing = {}, requestsPerMinuteMax = 6_000, concurrentRequestsMax = 64 } = options
  const organisation = {
    kind: 'organisation' as const,
    orgId: 'org_1',
    name: 'Test',
    channelId: CHANNEL,
    requestsPerMinuteMax,
    concurrentRequestsMax,
    routing,
  }
  const key = {
    kind: 'api-key' as const,
    keyId: 'key_1',
    keyHash: hash('sha256', API_KEY, 'base64url'),
    orgId: 'org_1',
    enabled: true,
    expiresAtMs: null,
  }
  const stateOf = (node: FakeNode, index: number) => ({
    kind: 'node' as const,
    nodeId: node.nodeId,
    id: `node_${index}`,
    name: `Node ${index}`,
    providerId: `0x${'aa'.repeat(32)}`,
    providerName: 'Provider',
    providerOrgId: 'org_p',
    active: true,
    termsHash: `0x${'bb'.repeat(32)}`,
    // Its lane journals nothing, so nothing looks at them.
    terms: {},
    termsDocument: {},
    prices: testPrices,
    region: 'local',
    failureDomain: `rack-${index}`,
    country: 'DE',
    simulated: false,
    gpuClass: 'CPU',
    trust: 'claimed' as const,
    dataPolicy: 'any' as const,
    tier: 'regional' as const,
  })
  const other = { ...organisation, orgId: 'org_2', routing: {} }
  const otherKey = { ...key, keyId: 'key_2', keyHash: hash('sha256', OTHER_KEY, 'base64url'), orgId: 'org_2' }
  return [
    organisation,
    key,
    other,
    otherKey,
    ...nodes.map((node, index) => ({ ...stateOf(node, index), ...nodeStates[index] })),
  ]
}

function fakeLane(
  entries: Omit<RequestFinishedEntry, 'type' | 'lane'>[],
): Lane & { attemptsOf(requestId: string): number; intents: number } {
  let signed = 0n
  const answers = new Map<string, DispatchResponse>()
  const attempts = new Map<string, number>()
  const id: Hex = `0x${'dd'.repeat(32)}`
  const lane = {
    id,
    region: 'local',
    intents: 0,
    attemptsOf: (requestId: string) => attempts.get(requestId) ?? 0,
    recordWinner: () => undefined,
    recordIntent: async (intent: { requestId: string; attempt: number }) => {
      lane.intents++
      attempts.set(intent.requestId, intent.attempt + 1)
    },
    completeAttempt(seen: AttemptSeen): CompletedAttempt {
      const tokensIn = seen.billable && seen.fault !== fault.provider && !seen.movedOn ? 10 : 0
      const tokensOut = seen.billable ? seen.tokensDelivered : 0
      const usage = { tokensIn, tokensCached: 0, tokensOut, bytesIn: seen.intent.bytesIn, bytesOut: seen.bytesOut }
      const price = seen.billable ? priceMicroUsd(usage, pricesOf(testPrices)) : 0n
      const delivery = {
        billedOut: tokensOut,
        price: price.toString(),
        attempt: seen.intent.attempt,
        fault: seen.fault,
      }
      return {
        pair: { delivery, deliverySignature: '0x', work: null, workSignature: null },
        delivery: {} as DeliveryReceipt,
        tokensIn,
        tokensCached: 0,
        tokensOut,
        priceMicroUsd: price,
      }
    },
    finishRequest: async (entry: Omit<RequestFinishedEntry, 'type' | 'lane'>) => {
      entries.push(entry)
      signed += BigInt(entry.request.priceMicroUsd)
      if (entry.answer !== undefined) {
        const { requestId, httpStatus } = entry.request
        answers.set(requestId, { outcome: 'answered', httpStatus, answer: entry.answer, message: null })
      }
    },
    signedMicroUsd: () => signed,
    answerOf: (requestId: string) => answers.get(requestId),
    jobKnowledge: (requestId: string) => (answers.has(requestId) ? 'finished' : 'new') as JobKnowledge,
  }
  return lane
}

/** Σ of what was billed through the key in the period, µUSD. */
function billedInPeriod(entries: readonly Pick<RequestFinishedEntry, 'request'>[], period: KeyPeriod): bigint {
  return entries.reduce((sum, { request: { keyId, receivedAtMs, priceMicroUsd: price } }) => {
    const counts = keyId !== null && keyPeriodsAt(keyId, receivedAtMs).includes(period)
    return counts ? sum + BigInt(price) : sum
  }, 0n)
}
