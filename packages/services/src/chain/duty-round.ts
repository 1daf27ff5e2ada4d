/** A round of duties: each is tried once, and what fails holds up no other, unless the chain is away. */
import { toAppError } from '@isochrone/domain'

export interface DutyRound {
  done: number
  /** Why something could not be done; it comes again. */
  failed: { subject: string; reason: string }[]
}

/** `work` says whether it did anything. */
export async function doEach<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  work: (item: T) => Promise<boolean>,
): Promise<DutyRound> {
  const round: DutyRound = { done: 0, failed: [] }
  for (const item of items) {
    try {
      if (await work(item)) round.done += 1
    } catch (error) {
      const { code, publicMessage } = toAppError(error)
      round.failed.push({ subject: nameOf(item), reason: publicMessage })
      if (code === 'chain_unavailable') break
    }
  }
  return round
}
