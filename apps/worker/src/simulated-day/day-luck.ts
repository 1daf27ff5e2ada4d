/** What chance decides on the simulated day, and what may be refused there. */
import { isAppError, type Prng } from '@isochrone/domain'

export interface Luck {
  /** A whole number from 0 to one less than this. */
  below(bound: number): number
  /** @throws Error when there is nothing. */
  pick<T>(items: readonly T[]): T
  chance(oneIn: number): boolean
}

export function luckOf(rng: Prng): Luck {
  return {
    below: (bound) => rng.below(bound),
    pick(items) {
      const item = items[rng.below(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
    chance: (oneIn) => rng.below(oneIn) === 0,
  }
}

/** The first that holds, beginning anywhere; undefined where none does. */
export async function firstFrom<T>(place: number, items: readonly T[], holds: (item: T) => Promise<boolean>) {
  for (let at = 0; at < items.length; at++) {
    const item = items[(place + at) % items.length] as T
    if (await holds(item)) return item
  }
  return undefined
}

/** False when it was: refusals and conflicts are part of the day; the chain itself always answers here. */
export async function mayBeRefused(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (isAppError(error)) return false
    throw error
  }
}
