/** A small made-up market for the tests of the runner: no data files, everything from a seed. */
import { prng } from '@isochrone/domain'
import { curveOf } from '@isochrone/perf-model'
import type { SimFleet, SimPolicy, SimReplica, SimRequest } from '../sim-types.ts'

/** `count` replicas of three classes and two gateways; the first ones are the cheapest. */
export function testFleet(count: number, seed = 1): SimFleet {
  const rng = prng(seed)
  const replicas = Array.from({ length: count }, (_, index): SimReplica => {
    const gpuClass = (['H200', 'B200', 'B300'] as const)[index % 3] as 'H200' | 'B200' | 'B300'
    const curve = curveOf(gpuClass, 8, 'fp8')
    const usdPerHour = 16 + 2 * index
    const msUsd = (usdPerHour * 1e6) / 3_600_000 / 0.8
    return {
      index,
      nodeId: `node-${index}`,
      providerId: `provider-${index % 5}`,
      failureDomain: `domain-${index % 4}`,
      country: 'DE',
      region: 'eu-de',
      tier: 'cloud',
      gpuClass,
      usdPerHour,
      priceSource: 'made up',
      prices: {
        inPerMtok: Math.ceil(msUsd * curve.prefillMsPerToken * 1e6),
        cachedPerMtok: Math.ceil(msUsd * curve.prefillMsPerToken * 1e5),
        outPerMtok: Math.ceil(msUsd * (curve.tpotPerSequenceMs + curve.tpotPerSequenceTokenMs * 1200) * 1e6),
        inPerGb: 0,
        outPerGb: 0,
      },
      declared: {
        baseMs: curve.tpotBaseMs,
        prefillMsPerToken: curve.prefillMsPerToken,
        tpotBaseMs: curve.tpotBaseMs,
        tpotPerStreamMs: curve.tpotPerSequenceMs,
        tpotPerStreamTokenMs: curve.tpotPerSequenceTokenMs,
      },
      speed: index % 10 === 9 ? 1.25 : 1,
      concurrencyMax: 256,
      kvTokens: 1_500_000,
      serverId: String(index),
      meanUpMs: 120_000,
      meanDownMs: 20_000,
      errorRate: 0.002,
    }
  })
  const gateways = ['east', 'west'].map((name, index) => ({ index, name, serverId: name }))
  return {
    replicas,
    gateways,
    rttMs: gateways.map(() => Float64Array.from({ length: count }, () => 2 + 150 * rng.unit())),
  }
}

/** Poisson arrivals at `rps`, lengths near those of a conversation trace. */
export function testWorkload(rps: number, untilMs: number, seed = 1, gateways = 2): SimRequest[] {
  const rng = prng(seed)
  const requests: SimRequest[] = []
  let atMs = 0
  for (let index = 0; ; index++) {
    atMs += (-Math.log(1 - rng.unit()) * 1000) / rps
    if (atMs >= untilMs) return requests
    const tokensIn = 1 + Math.floor(-Math.log(1 - rng.unit()) * 1100)
    requests.push({
      index,
      arriveMs: atMs,
      tenant: index % 7,
      gateway: rng.below(gateways),
      tokensIn,
      tokensOut: 1 + Math.floor(-Math.log(1 - rng.unit()) * 210),
      prefixHashes: [],
      ttftSloMs: 500 + 2 * 0.0317 * tokensIn,
      tpotSloMs: 50,
    })
  }
}

/** A fair coin among the replicas whose links are up. */
export const coinPolicy: SimPolicy = {
  name: 'coin',
  source: 'test',
  rule: 'uniform among those up',
  create({ replicas, rng }) {
    const up = replicas.map(() => false)
    return {
      choose(_request, _nowMs, tried) {
        const open = replicas.filter(({ index }) => up[index] && !tried.includes(index))
        const pick = open[rng.below(Math.max(1, open.length))]
        return pick ? { kind: 'replica', replica: pick.index } : { kind: 'wait', afterMs: 100 }
      },
      onLink(replica, isUp) {
        up[replica] = isUp
      },
    }
  },
}
