/**
 * Stores for what people ask for: what others kept waiting for too long is told as `busy`, in a sentence that is true. A
 * transaction has written nothing. A call outside of one has done nothing either, but what was done before it stands. The
 * worker's own rounds have no use for it: they try again by themselves.
 */
import { AppError } from '@isochrone/domain'
import { isBusyError } from './is-busy-error.ts'
import type { Store } from './store.ts'

const RETRY_AFTER_S = 3

/** The same store, whose transactions and snapshots reject with an `AppError` `busy` where {@link isBusyError} says so. */
export function sayBusy(store: Store): Store {
  return {
    ...store,
    transaction: (work) => store.transaction(work).catch(throwBusy(NOTHING)),
    snapshot: (work) => store.snapshot(work).catch(throwBusy(NOTHING)),
  }
}

/**
 * The same store, whose transactions and whose calls outside of them reject so. For callers that may be asked again wherever
 * they broke off: each of their calls does a thing once, however often it is made, and what others pay for is begun by the last one.
 */
export function sayBusyOfCalls(store: Store): Store {
  const saying = Object.entries(store).map(([name, part]) => [name, typeof part === 'object' ? callsOf(part) : part])
  return sayBusy(Object.fromEntries(saying) as Store)
}

type Call = (...args: unknown[]) => Promise<unknown>

function callsOf(repository: object): Record<string, Call> {
  const calls = Object.entries(repository) as [name: string, call: Call][]
  const saying = calls.map(([name, call]) => [name, (...args: unknown[]) => call(...args).catch(throwBusy(NO_MORE))])
  return Object.fromEntries(saying) as Record<string, Call>
}

const NOTHING = `Nothing of it was written or charged. Try again in ${RETRY_AFTER_S} seconds.`
const NO_MORE = `Try again in ${RETRY_AFTER_S} seconds: nothing is done or charged twice by it.`

function throwBusy(then: string): (error: unknown) => never {
  return (error) => {
    if (!isBusyError(error)) throw error
    throw new AppError('busy', {
      publicMessage: `Isochrone is busy: this waited too long for its turn. ${then}`,
      retryAfterS: RETRY_AFTER_S,
      cause: error,
    })
  }
}
