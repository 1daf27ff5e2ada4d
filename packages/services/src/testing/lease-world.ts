/**
 * One lease on one node in simulated time, for tests of its steps: rows in memory that change by the state table as Postgres
 * changes them, and a gateway with a node behind it that meters, restarts and stores receipts late when told to.
 */
import { leaseTransitions, manualClock } from '@isochrone/domain'
import type { NodeLiveness, NodeState } from '@isochrone/protocol'
import { advanceLease } from '../leases/advance-lease.ts'
import type { LeaseDeps, LeaseLook } from '../leases/lease-deps.ts'
import { gpuTimeMicroUsd, leaseReserveMicroUsd } from '../leases/lease-price.ts'
import type { LeaseChange, LeaseGateway, LeaseRow, LeaseStep } from '../ports/lease-store.ts'
import { makeTerms, noPromises } from '../providers/terms.ts'

const NODE = `0x${'00'.repeat(12)}${'b2'.repeat(20)}` as const
const PROVIDER = `0x${'a1'.repeat(32)}` as const
const LANE = `0x${'00'.repeat(12)}${'c3'.repeat(20)}` as const
const GATEWAY = 'http://127.0.0.1:1'
const MODEL = 'leased-model'
/** A micro-dollar for each GPU and millisecond. */
const PER_GPU_HOUR = 3_600_000n
const GPUS = 2
const START_MS = 1_000_000
const LOOKS_MAX = 5_000

interface Receipt {
  seq: number
  fromMs: number
  toMs: number
  priceMicroUsd: bigint
  isStored: boolean
}

export type LeaseWorld = ReturnType<typeof leaseWorld>

/** @param options durationMs of the lease; `reservedMicroUsd` where its worst case is not what is held. */
export function leaseWorld(options: { durationMs: number; reservedMicroUsd?: bigint }) {
  const clock = manualClock(START_MS)
  const lease = rowOf(options)
  const held = new Map<string, bigint>([[lease.id, lease.reservedMicroUsd]])
  const events: LeaseStep[] = []
  const receipts: Receipt[] = []
  const node = { linked: true, engineSinceMs: null as number | null, started: 0, storesReceipts: true }
  let taken = GPUS
  const terms = termsOfNode()

  function store(): void {
    if (node.storesReceipts) for (const receipt of receipts) receipt.isStored = true
    const stored = receipts.filter(({ isStored }) => isStored)
    lease.billedMicroUsd = stored.reduce((sum, { priceMicroUsd }) => sum + priceMicroUsd, 0n)
    const last = stored.at(-1)
    if (last) lease.meteredToMs = BigInt(last.toMs)
  }

  const leases = {
    get: async () => ({ ...lease }),
    step: async (step: LeaseStep) => {
      const to = leaseTransitions[lease.status][step.event]
      const seen = Object.entries(step.seen ?? {}) as [keyof LeaseRow, unknown][]
      if (to === undefined || seen.some(([name, value]) => lease[name] !== value)) return null
      Object.assign(lease, step.change, { status: to, updatedAt: new Date(clock.nowMs()) })
      events.push(step)
      return { ...lease }
    },
    update: async (_id: string, status: string, change: LeaseChange) => {
      if (lease.status !== status) return false
      Object.assign(lease, change, { updatedAt: new Date(clock.nowMs()) })
      return true
    },
    dropGpus: async () => {
      if (lease.holdsGpus) taken -= GPUS
      lease.holdsGpus = false
    },
    takenGpus: async () => new Map([[NODE, taken]]),
    barredFromLeases: async () => new Map<string, 'checks' | 'stake'>(),
    takeGpus: async (_nodeId: string, gpus: number, total: number) => {
      if (taken + gpus > total) return false
      taken += gpus
      return true
    },
    hasReceipt: async (_lane: string, seq: bigint) =>
      receipts.some((each) => each.seq === Number(seq) && each.isStored),
  }
  const control = { leaseStates: async () => [], append: async () => 0, unpublished: async () => [] }
  const repositories = { leases, control, providers: { terms: async () => new Map([[terms.hash, terms]]) } }

  const gateway: LeaseGateway = {
    async provision() {
      if (!node.linked) return { kind: 'gone', reason: 'The node is not linked here.' }
      if (node.engineSinceMs === null) node.started++
      node.engineSinceMs ??= clock.nowMs()
      return { kind: 'done', value: { servingSinceMs: clock.nowMs() } }
    },
    async read(_url, { gpus }, { servingSinceMs, untilMs, reservedMicroUsd, billedMicroUsd }) {
      if (!node.linked) return { kind: 'gone', reason: 'The node is not linked here.' }
      const fromMs = Math.max(servingSinceMs, receipts.at(-1)?.toMs ?? 0)
      const toMs = Math.min(clock.nowMs(), untilMs)
      if (toMs <= fromMs) return { kind: 'done', value: null }
      const time = { gpus, durationMs: BigInt(toMs - fromMs), perGpuHourMicroUsd: PER_GPU_HOUR }
      const priceMicroUsd = gpuTimeMicroUsd(time)
      if (priceMicroUsd > BigInt(reservedMicroUsd) - BigInt(billedMicroUsd))
        return { kind: 'spent', reason: 'Too dear.' }
      if (node.engineSinceMs === null) return { kind: 'unknown', reason: 'this node runs no engine for the lease' }
      const receipt = { seq: receipts.length + 1, fromMs, toMs, priceMicroUsd, isStored: false }
      receipts.push(receipt)
      store()
      return { kind: 'done', value: { lane: LANE, seq: receipt.seq, toMs } }
    },
    async stop() {
      node.engineSinceMs = null
      return { kind: 'done', value: null }
    },
  }

  const deps: LeaseDeps = {
    // Of the store only what steps of a lease use.
    store: { ...repositories, transaction: (work: (tx: unknown) => unknown) => work(repositories) } as never,
    stream: { add: async () => undefined },
    budget: {
      async hold({ leaseId, reservedMicroUsd, billedMicroUsd }) {
        held.set(leaseId, reservedMicroUsd - billedMicroUsd)
        return true
      },
      lower: async () => {},
      release: async (_channelId, leaseId) => void held.delete(leaseId),
    },
    fleet: {
      nodes: async () => ({ states: [stateOf(terms)], liveness: livenessOf(node.linked, clock.nowMs()) }),
      routing: async () => ({}),
      gateways: async () => [],
    },
    gateway,
    clock,
    meterMs: 60_000,
    goneMs: 5_000,
  }

  /** Looks as the worker does, at the times that each look asks for, until `enough`. */
  async function lookUntil(enough: (look: LeaseLook) => boolean): Promise<void> {
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const look = await advanceLease(deps, lease.id)
      if (enough(look)) return
      if (look.kind === 'done') throw new Error(`the lease is over: ${lease.status}, ${lease.error}`)
      clock.advanceMs(look.delayMs)
    }
    throw new Error(`nothing came of ${LOOKS_MAX} looks: ${lease.status}, ${lease.error}`)
  }

  return {
    clock,
    lease,
    events,
    receipts,
    node,
    held,
    deps,
    store,
    lookUntil,
    takenGpus: () => taken,
    /** To its end. */
    lookOn: () => lookUntil(({ kind }) => kind === 'done'),
  }
}

function rowOf({ durationMs, reservedMicroUsd }: { durationMs: number; reservedMicroUsd?: bigint }): LeaseRow {
  const time = { gpus: GPUS, durationMs: BigInt(durationMs), perGpuHourMicroUsd: PER_GPU_HOUR }
  const { hash } = termsOfNode()
  const at = new Date(START_MS)
  return {
    ...time,
    id: `lease_${'1'.repeat(32)}`,
    idHash: PROVIDER,
    orgId: 'org_a',
    channelId: PROVIDER,
    createdBy: 'user_a',
    status: 'provisioning',
    model: MODEL,
    maxPerGpuHourMicroUsd: PER_GPU_HOUR,
    constraints: null,
    nodeId: NODE,
    providerId: PROVIDER,
    termsHash: hash,
    holdsGpus: true,
    gatewayUrl: null,
    lane: null,
    reservedMicroUsd: reservedMicroUsd ?? leaseReserveMicroUsd(time),
    billedMicroUsd: 0n,
    servingSinceMs: null,
    meteredToMs: null,
    endsAtMs: null,
    goneSinceMs: null,
    lastSeq: null,
    creditMs: 0n,
    creditMicroUsd: 0n,
    moves: 0,
    tries: 0,
    triedNodeIds: [],
    expires: false,
    error: null,
    createdAt: at,
    runningAt: null,
    endedAt: null,
    updatedAt: at,
  }
}

const document = {
  version: 3,
  nodeName: 'leased',
  region: 'local',
  country: 'DE',
  simulated: true,
  sharedHost: false,
  tier: 'regional',
  dataPolicy: 'any',
  gpus: GPUS,
} as const

const prices = {
  inMicroUsdPerMtok: 1n,
  cachedMicroUsdPerMtok: 1n,
  outMicroUsdPerMtok: 1n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}

const termsOfNode = () =>
  makeTerms({ providerId: PROVIDER, prices, promises: noPromises, document, perGpuHourMicroUsd: PER_GPU_HOUR })

function stateOf({ hash, values }: ReturnType<typeof makeTerms>): NodeState {
  return {
    kind: 'node',
    nodeId: NODE,
    id: 'node_leased',
    name: 'leased',
    providerId: PROVIDER,
    providerName: 'Provider',
    providerOrgId: 'org_p',
    active: true,
    termsHash: hash,
    terms: values,
    termsDocument: { ...document },
    prices: {
      inMicroUsdPerMtok: '1',
      cachedMicroUsdPerMtok: '1',
      outMicroUsdPerMtok: '1',
      inMicroUsdPerGb: '0',
      outMicroUsdPerGb: '0',
    },
    region: 'local',
    failureDomain: 'one',
    country: 'DE',
    simulated: true,
    gpuClass: 'CPU',
    trust: 'claimed',
    dataPolicy: 'any',
    tier: 'regional',
  }
}

function livenessOf(isLinked: boolean, nowMs: number): Map<string, NodeLiveness> {
  const model = { model: MODEL, modelHash: PROVIDER, contextTokensMax: 8_192, quantisation: 'fp8', simulated: true }
  const load = { concurrencyMax: 8, activeStreams: 0, queuedStreams: 0 }
  const measured = { ttftP50Ms: null, ttftP95Ms: null, tokensPerSecond: null, estimate: null }
  const place = { nodeId: NODE, lane: LANE, gatewayUrl: GATEWAY, hardware: 'none', rttMs: 1, simulatedRttMs: null }
  const live = { ...place, ...load, ...measured, seenAtMs: nowMs, linkedSinceMs: 0, models: [model] }
  return new Map(isLinked ? [[NODE, live]] : [])
}
