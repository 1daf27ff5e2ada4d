/** A small fleet for the tests of policies: every replica alike until a test says otherwise; probes answer when told to. */
import { prng } from '@isochrone/domain'
import type { PolicyWorld, SimOutcome, SimReplica, SimReport, SimRequest } from '../sim-types.ts'

type ProbeAnswer = (report: SimReport | null, nowMs: number) => void

export interface FakeWorld extends PolicyWorld {
  /** Probes that wait for an answer, oldest first. */
  asked: { replica: number; answer: ProbeAnswer }[]
}

export function fakeWorld(
  replicas: readonly Partial<SimReplica>[],
  options: { seed?: number; rttMs?: readonly number[] } = {},
): FakeWorld {
  const asked: FakeWorld['asked'] = []
  return {
    gateway: { index: 0, name: 'Here', serverId: '1' },
    replicas: replicas.map((partial, index) => ({ ...replicaAt(index), ...partial })),
    rttMs: Float64Array.from(replicas, (_, index) => options.rttMs?.[index] ?? 50),
    prefixBlockTokens: 512,
    rng: prng(options.seed ?? 1),
    probe: (replica, answer) => void asked.push({ replica, answer }),
    wake: () => undefined,
    asked,
  }
}

function replicaAt(index: number): SimReplica {
  return {
    index,
    nodeId: `node_${index}`,
    providerId: `provider_${index}`,
    failureDomain: `domain_${index}`,
    country: 'DE',
    region: 'eu-de',
    tier: 'cloud',
    gpuClass: 'H200',
    usdPerHour: 24,
    priceSource: 'test',
    prices: { inPerMtok: 100_000, cachedPerMtok: 10_000, outPerMtok: 400_000, inPerGb: 0, outPerGb: 0 },
    declared: {
      baseMs: 0,
      prefillMsPerToken: 0.0317,
      tpotBaseMs: 9,
      tpotPerStreamMs: 0.34,
      tpotPerStreamTokenMs: 4.3e-5,
    },
    speed: 1,
    concurrencyMax: 256,
    kvTokens: 1_500_000,
    serverId: '1',
    meanUpMs: 1e9,
    meanDownMs: 120_000,
    errorRate: 0,
  }
}

/** The same prices times a factor. */
export function priced(factor: number): Pick<SimReplica, 'prices'> {
  return {
    prices: {
      inPerMtok: 100_000 * factor,
      cachedPerMtok: 10_000 * factor,
      outPerMtok: 400_000 * factor,
      inPerGb: 0,
      outPerGb: 0,
    },
  }
}

export function fakeRequest(partial: Partial<SimRequest> = {}): SimRequest {
  return {
    index: 0,
    arriveMs: 0,
    tenant: 0,
    gateway: 0,
    tokensIn: 1000,
    tokensOut: 200,
    prefixHashes: [],
    ttftSloMs: 600,
    tpotSloMs: 50,
    ...partial,
  }
}

export function fakeReport(partial: Partial<SimReport> = {}): SimReport {
  return {
    atMs: 0,
    activeStreams: 0,
    queuedStreams: 0,
    prefillTokens: 0,
    enginePrefillTokens: 0,
    contextTokens: 1000,
    kvTokensUsed: 0,
    ownStreams: 0,
    ownPrefillTokens: 0,
    ...partial,
  }
}

export function fakeOutcome(partial: Partial<SimOutcome> = {}): SimOutcome {
  return {
    kind: 'finished',
    ttftMs: 100,
    durationMs: 3000,
    tpotMs: 15,
    tokensCached: 0,
    tokensOut: 200,
    concurrency: 1,
    contextTokens: 1000,
    ...partial,
  }
}

export const failedOutcome: SimOutcome = fakeOutcome({ kind: 'failed', ttftMs: null, tpotMs: null, tokensOut: 0 })
export const refusedOutcome: SimOutcome = fakeOutcome({ kind: 'refused', ttftMs: null, tpotMs: null, tokensOut: 0 })
