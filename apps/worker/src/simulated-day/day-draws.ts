/**
 * What the day draws besides its steps: a number for each occasion, told by what happens and how often it has happened
 * before. So a draw does not depend on what else goes on, and one seed draws the same for the same occasion.
 */
import { bytes32Of, hexToBytes } from '@isochrone/protocol'

export interface DayDraws {
  /** A whole number below `limit`, for the next occasion of this name. */
  below(name: string, limit: number): number
}

export function createDayDraws(seed: number): DayDraws {
  const occasions = new Map<string, number>()
  return {
    below(name, limit) {
      const ordinal = occasions.get(name) ?? 0
      occasions.set(name, ordinal + 1)
      return Buffer.from(hexToBytes(bytes32Of(`${seed} ${name} ${ordinal}`))).readUInt32BE(0) % limit
    },
  }
}
