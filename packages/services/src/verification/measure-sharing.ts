/** Challenges two nodes alone and together, in random order, until the test is decided or its rounds are used up. */
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
  [one, other]: readonly [Hex, Hex],
  random: Prng,
): Promise<SharingRound[]> {
  for (const witness of witnesses) {
    const rounds: SharingRound[] = []
    let failed = 0
    while (sharingUndecided(rounds) && failed < FAILED_ROUNDS_MAX) {
      const alone = async () => sum(await elapsed(witness, [one]), await elapsed(witness, [other]))
      const together = () => elapsed(witness, [one, other])
      const aloneFirst = random.below(2) === 0
      const [first, second] = aloneFirst ? [alone, together] : [together, alone]
      const [firstUs, secondUs] = [await first(), await second()]
      const [aloneUs, togetherUs] = aloneFirst ? [firstUs, secondUs] : [secondUs, firstUs]
      if (aloneUs === null || togetherUs === null) failed += 1
      else rounds.push({ aloneUs, togetherUs })
    }
    if (rounds.length > 0) return rounds
  }
  return []
}

/** Σ of the nodes' times, µs; null unless every one answered, and rightly. */
async function elapsed(witness: WitnessPort, nodeIds: readonly Hex[]): Promise<number | null> {
  const reports = await witness.matmul(nodeIds, ORDER)
  const times = reports.flatMap(({ report }) => (report.correct && report.elapsedUs !== null ? [report.elapsedUs] : []))
  return times.length === nodeIds.length ? times.reduce((total, time) => total + time, 0) : null
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
