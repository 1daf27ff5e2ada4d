/** Challenges two nodes alone, together and alone again, until the test is decided or its rounds are used up. */
import type { Prng } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { WitnessPort } from '../ports/verification-store.ts'
import { sharingUndecided, type SharingRound } from './checks/check-sharing.ts'

/** Some 20 ms of work on a core: long against a round trip and the scheduler's slices, short for who is checked. */
const ORDER = 256
const FAILED_ROUNDS_MAX = 3

/** Rounds in which any product was missing or wrong do not count. */
export async function measureSharing(
  witnesses: readonly WitnessPort[],
  nodeIds: readonly [Hex, Hex],
  random: Prng,
): Promise<SharingRound[]> {
  for (const witness of witnesses) {
    const rounds: SharingRound[] = []
    let failed = 0
    // The first challenges start the nodes' threads and warm their code: they are no measure.
    await alone(witness, nodeIds)
    while (sharingUndecided(rounds) && failed < FAILED_ROUNDS_MAX) {
      const [one, other] = nodeIds
      const order = random.below(2) === 0 ? ([one, other] as const) : ([other, one] as const)
      const before = await alone(witness, order)
      const togetherUs = await elapsed(witness, order)
      const after = await alone(witness, order)
      if (before === null || togetherUs === null || after === null) failed += 1
      else rounds.push({ aloneUs: [before, after], togetherUs })
    }
    if (rounds.length > 0) return rounds
  }
  return []
}

/** Σ of the nodes' times when each is asked while the other rests, µs. */
async function alone(witness: WitnessPort, [one, other]: readonly [Hex, Hex]): Promise<number | null> {
  const first = await elapsed(witness, [one])
  const second = await elapsed(witness, [other])
  return first === null || second === null ? null : first + second
}

/** Σ of the nodes' times when all are asked at once, µs; null unless every one answered, and rightly. */
async function elapsed(witness: WitnessPort, nodeIds: readonly Hex[]): Promise<number | null> {
  const reports = await witness.matmul(nodeIds, ORDER)
  const times = reports.flatMap(({ report }) => (report.correct && report.elapsedUs !== null ? [report.elapsedUs] : []))
  return times.length === nodeIds.length ? times.reduce((total, time) => total + time, 0) : null
}
