/** Orders that people gave and the worker sends to the chain, oldest first. */
import { isAppError, toAppError } from '@isochrone/domain'

/**
 * How many were carried out. Stops at the first one when the chain is away: it waits with all behind it. What is refused
 * otherwise has its end with the sentence that says why.
 *
 * @throws what is no AppError: a fault of ours ends no order.
 */
export async function carryOutOrders<T>(
  orders: readonly T[],
  carryOut: (order: T) => Promise<void>,
  refuse: (order: T, sentence: string) => Promise<unknown>,
): Promise<number> {
  let done = 0
  for (const order of orders) {
    try {
      await carryOut(order)
      done += 1
    } catch (error) {
      const { code, publicMessage } = toAppError(error)
      if (code === 'chain_unavailable') break
      if (!isAppError(error)) throw error
      await refuse(order, publicMessage)
    }
  }
  return done
}
