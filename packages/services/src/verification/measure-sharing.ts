/** Challenges two nodes alone, together and alone again, until the test is decided or its rounds are used up. */
import type { Prng } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { WitnessPort } from '../ports/verification-store.ts'
import { sharingUndecided, type SharingRound, type UsualTimes } from './checks/check-sharing.ts'

/** Some 20 ms of work on a core: long against a round trip and the scheduler's slices, short for who is checked. */
const ORDER = 256
const FAILED_ROUNDS_MAX = 3

/** `nodeIds`: the node that is checked, then the other. Rounds in which any product was missing or wrong do not count. */
export async function measureSharing(
  witnesses: readonly WitnessPort[],
  nodeIds: readonly [own: Hex, other: Hex],
  usualUs: UsualTimes,
  random: Prng,
): Promise<SharingRound[]> {
  for (const witness of witnesses) {
    const rounds: SharingRound[] = []
    let failed = 0
    // The first challenges start the nodes' threads and warm their code: they are no measure.
    await alone(witness, nodeIds, true)
    while (sharingUndecided({ rounds, usualUs }) && failed < FAILED_ROUNDS_MAX) {
      const isOwnFirst = random.below(2) === 0
      const before = await alone(witness, nodeIds, isOwnFirst)
      const togetherUs = await elapsed(witness, isOwnFirst ? nodeIds : nodeIds.toReversed())
      const after = await alone(witness, nodeIds, isOwnFirst)
      if (before === null || togetherUs === null || after === null) failed += 1
      else {
        const aloneUs = { own: [before.own, after.own], other: [before.other, after.other] } as const
        rounds.push({ aloneUs, togetherUs })
      }
    }
    if (rounds.length > 0) return rounds
  }
  return []
}

/** Each node's time when it is asked while the other rests, µs. */
async function alone(
  witness: WitnessPort,
  [ownId, otherId]: readonly [Hex, Hex],
  isOwnFirst: boolean,
): Promise<{ own: number; other: number } | null> {
  const first = await elapsed(witness, [isOwnFirst ? ownId : otherId])
  const second = await elapsed(witness, [isOwnFirst ? otherId : ownId])
  if (first === null || second === null) return null
  return isOwnFirst ? { own: first, other: second } : { own: second, other: first }
}

/** Σ of the nodes' times when all are asked at once, µs; null unless every one answered, and rightly. A helper's time is no CPU's. */
async function elapsed(witness: WitnessPort, nodeIds: readonly Hex[]): Promise<number | null> {
  const reports = await witness.matmul(nodeIds, ORDER, true)
  const times = reports.flatMap(({ report }) => (report.correct && report.elapsedUs !== null ? [report.elapsedUs] : []))
  return times.length === nodeIds.length ? times.reduce((total, time) => total + time, 0) : null
}
