/**
 * Two gateways hear of the same market in different orders, deciding all the while, and then decide the same requests with
 * the same seeds.
 */
import { prng } from '@isochrone/domain'
import type { Tuning } from '../decide/constants.ts'
import { decide } from '../decide/decide.ts'
import { createReplicaPool, type ReplicaPool } from '../pool/replica-pool.ts'
import { oneOf, randomOffer, randomPolicy, randomPrefix, randomReport, randomRequest } from './random-market.ts'

const NOW_MS = 1_700_000_000_000

/**
 * Decides in both; returns how many decisions agreed. Throws at the first that differs. `settling`: decisions on the same
 * requests before the first that is compared; large sets remember some decisions (`recall.ts`).
 */
export function checkArrivalOrder(
  seed: number,
  replicas: number,
  decisions: number,
  tuning: Partial<Tuning> = {},
  settling = 0,
): number {
  const rng = prng(seed)
  const arrivals = Array.from({ length: replicas }, (_, n) => ({
    offer: randomOffer(rng, n),
    report: randomReport(rng, NOW_MS),
  }))
  const guests = Array.from({ length: 5 }, (_, n) => randomOffer(rng, replicas + n))
  const policies = Array.from({ length: 8 }, () => randomPolicy(rng))
  const [first, second] = [createReplicaPool({ tuning }), createReplicaPool({ tuning })]
  for (const { offer } of arrivals) {
    first.upsert(offer)
    if (rng.below(16) === 0) choiceOf(first, randomRequest(rng, oneOf(rng, policies), 0), 2)
  }
  // The other order, with replicas that come and go in between, so that slots differ too.
  for (const guest of guests) second.upsert(guest)
  for (const { offer } of shuffled(arrivals, seed)) {
    // Some had another price or place before.
    if (rng.below(3) === 0) second.upsert({ ...offer, prices: oneOf(rng, arrivals).offer.prices, country: 'FR' })
    if (rng.below(4) === 0) choiceOf(second, randomRequest(rng, oneOf(rng, policies), 0), 1)
    second.upsert(offer)
    const guest = guests.pop()
    if (guest) second.remove(guest.nodeId)
    // Decisions on the way leave no trace.
    if (rng.below(4) === 0) choiceOf(second, randomRequest(rng, oneOf(rng, policies), 0), 1)
  }
  for (const guest of guests) second.remove(guest.nodeId)
  // Heartbeats come in the order of their time.
  for (const { offer, report } of arrivals.toSorted((a, b) => (a.report.atMs || 0) - (b.report.atMs || 0))) {
    for (const pool of [first, second]) pool.report(pool.slotOf(offer.nodeId) ?? -1, report)
  }
  for (let n = 0; n < 20; n++) {
    const nodeId = `node_${rng.below(replicas)}`
    const prefix = randomPrefix(rng)
    for (const pool of [first, second]) pool.prefix.note(pool.slotOf(nodeId) ?? 0, prefix)
  }
  for (let n = -settling; n < decisions; n++) {
    const request = randomRequest(rng, oneOf(rng, policies), n)
    const drawn = rng.uint32()
    const [one, other] = [first, second].map((pool) => choiceOf(pool, request, drawn))
    if (n >= 0 && one !== other)
      throw new Error(`seed ${seed}, ${replicas} replicas, decision ${n}: ${one} in one order, ${other} in another`)
  }
  return decisions
}

function choiceOf(pool: ReplicaPool, request: ReturnType<typeof randomRequest>, seed: number): string {
  const decision = decide(pool, request, prng(seed), NOW_MS)
  if (decision.kind === 'none') return `none: ${decision.reason}`
  return [decision.slot, ...decision.alternates].map((slot) => pool.offerAt(slot).nodeId).join(' > ')
}

function shuffled<T>(values: readonly T[], seed: number): T[] {
  const rng = prng(seed ^ 0x5bd1e995)
  const copy = [...values]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = rng.below(i + 1)
    const held = copy[i] as T
    copy[i] = copy[j] as T
    copy[j] = held
  }
  return copy
}
