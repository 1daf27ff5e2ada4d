/**
 * ServeGen's clients as tenants: each asks as its own windows say, with the bursts and lengths that were fitted to it.
 *
 * Arrivals are a renewal process whose gaps have the window's family, shape and mean; a gap that began in one window is
 * carried into the next by its remaining share. Lengths are drawn from the client's quantiles, interpolated in
 * logarithms. When a utilisation is asked for, the clock of all clients runs faster or slower by one factor until it is
 * met: tenants keep their shares, their skew and the shape of their bursts. Where more tenants are wanted than the model
 * has clients, the clients are used again at other times of their week.
 */
import { AppError, prng, type Prng } from '@isochrone/domain'
import { quantileLevels, type LengthWindow, type ServeGenClient } from '../data/read-servegen.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'
import { subSeed } from '../sub-seed.ts'
import { gatewayAt } from './gateway-at.ts'
import { gap } from './random-gaps.ts'
import { ttftSloMs } from './slo.ts'
import { addWork, noWork, utilisationOfWork, type WorkSums } from './utilisation.ts'

export interface ServeGenWorkloadInput {
  /** From `readServeGen`, the busiest first. */
  clients: readonly ServeGenClient[]
  market: Market
  tenants: number
  seed: number
  horizonMs: number
  /** Where in the clients' week it begins, s. Default noon of the third day. */
  startS?: number
  /** Left out: the clients' own rates. */
  target?: { fleet: readonly SimReplica[]; util: number }
}

interface Arrival {
  /** On the clients' clock, ms from the start. */
  atMs: number
  tenant: number
  tokensIn: number
  tokensOut: number
}

const noonOfThirdDayS = 2.5 * 86_400
/** What the simulator is asked to hold at most. */
const arrivalsMax = 3_000_000
const noPrefix: readonly number[] = []

/**
 * Requests in order of arrival; tenant 0 is the busiest client.
 *
 * @throws AppError invalid_input when the clients are too quiet or too busy for the utilisation
 */
export function serveGenWorkload(input: ServeGenWorkloadInput): SimRequest[] {
  const { market, tenants, horizonMs, target } = input
  const { arrivals, factor } = target ? atUtilisation(input, target) : { arrivals: draw(input, horizonMs), factor: 1 }
  const rng = prng(subSeed(input.seed, 'servegen gateways'))
  const gatewayOf = Array.from({ length: tenants }, () => gatewayAt(rng.unit(), market.demandShareByGateway))
  return arrivals.map(({ atMs, tenant, tokensIn, tokensOut }, index) => ({
    index,
    arriveMs: atMs / factor,
    tenant,
    gateway: gatewayOf[tenant] as number,
    tokensIn,
    tokensOut,
    prefixHashes: noPrefix,
    ttftSloMs: ttftSloMs(market, tokensIn),
    tpotSloMs: market.slo.tpotMs,
  }))
}

/** Arrivals whose clock runs `factor` times as fast as the clients' own, so that the asked utilisation is met. */
function atUtilisation(
  input: ServeGenWorkloadInput,
  { fleet, util }: NonNullable<ServeGenWorkloadInput['target']>,
): { arrivals: Arrival[]; factor: number } {
  const { horizonMs, market } = input
  const tpotSloMs = market.slo.tpotMs
  for (let spanMs = horizonMs; ; spanMs *= 2) {
    const arrivals = draw(input, spanMs)
    const sums = noWork()
    const workUntil = arrivals.map((arrival) => {
      addWork(sums, arrival)
      return { ...sums }
    })
    // The fewest first arrivals whose work, done within the horizon, is the asked utilisation.
    let [none, enough] = [-1, arrivals.length]
    while (enough - none > 1) {
      const i = (none + enough) >> 1
      if (utilisationOfWork(workUntil[i] as WorkSums, fleet, horizonMs, tpotSloMs) >= util) enough = i
      else none = i
    }
    if (enough < arrivals.length) {
      const factor = (arrivals[enough + 1]?.atMs ?? spanMs) / horizonMs
      return { arrivals: arrivals.slice(0, enough + 1).filter(({ atMs }) => atMs < factor * horizonMs), factor }
    }
    if (arrivals.length * 2 > arrivalsMax || spanMs > 1e9) {
      throw new AppError('invalid_input', {
        publicMessage: `these clients are too quiet for a utilisation of ${util}`,
        field: 'util',
      })
    }
  }
}

function draw(input: ServeGenWorkloadInput, spanMs: number): Arrival[] {
  const { clients, tenants, seed, startS = noonOfThirdDayS } = input
  const arrivals: Arrival[] = []
  for (let tenant = 0; tenant < tenants; tenant++) {
    const client = clients[tenant % clients.length] as ServeGenClient
    const rng = prng(subSeed(seed, `servegen ${tenant}`))
    // Later rounds over the clients begin elsewhere in the week.
    const shiftS = tenant < clients.length ? 0 : rng.below(7 * 144) * 600
    drawClient(rng, client, startS + shiftS, spanMs, (atMs, lengths) => {
      if (arrivals.length >= arrivalsMax) {
        throw new AppError('invalid_input', {
          publicMessage: 'these clients are too busy to simulate',
          field: 'clients',
        })
      }
      const tokensIn = atQuantile(lengths.tokensIn, rng.unit())
      arrivals.push({ atMs, tenant, tokensIn, tokensOut: atQuantile(lengths.tokensOut, rng.unit()) })
    })
  }
  return arrivals.toSorted((a, b) => a.atMs - b.atMs || a.tenant - b.tenant)
}

const windowS = 600

function drawClient(
  rng: Prng,
  client: ServeGenClient,
  startS: number,
  spanMs: number,
  take: (atMs: number, lengths: LengthWindow) => void,
): void {
  const byStart = new Map(client.rates.map((window) => [window.startS, window]))
  const weekS = Math.max(windowS, ((client.rates.at(-1)?.startS ?? 0) / windowS + 1) * windowS)
  // What is left of the running gap, as a share of a mean gap; a process that has long been running starts inside one.
  let left: number | undefined
  for (let fromMs = 0; fromMs < spanMs;) {
    const clockS = (startS + fromMs / 1_000) % weekS
    const windowStartS = Math.floor(clockS / windowS) * windowS
    const untilMs = Math.min(spanMs, fromMs + (windowStartS + windowS - clockS) * 1_000)
    const window = byStart.get(windowStartS)
    const lengths = client.lengths.findLast((each) => each.startS <= windowStartS) ?? client.lengths[0]
    if (window && lengths && window.rateRps > 0) {
      const meanGapMs = 1_000 / window.rateRps
      left ??= gap(rng, window.family, window.shape) * rng.unit()
      let atMs = fromMs + left * meanGapMs
      for (; atMs < untilMs; atMs += gap(rng, window.family, window.shape) * meanGapMs) take(atMs, lengths)
      left = (atMs - untilMs) / meanGapMs
    }
    fromMs = Math.max(untilMs, fromMs + 1e-3)
  }
}

/** The value at `u` of a distribution known at its quantiles: linear in the logarithm between, constant outside. */
function atQuantile(values: readonly number[], u: number): number {
  const above = quantileLevels.findIndex((level) => u < level)
  const log = (at: number) => Math.log(Math.max(1, values[at] as number))
  if (above <= 0) return Math.round(Math.exp(log(above < 0 ? values.length - 1 : 0)))
  const [low, high] = [quantileLevels[above - 1] as number, quantileLevels[above] as number]
  const share = (u - low) / (high - low)
  return Math.round(Math.exp(log(above - 1) + share * (log(above) - log(above - 1))))
}
