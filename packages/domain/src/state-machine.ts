/**
 * State tables: which event leads where. Terminal states absorb, an event that is not in the table is refused.
 *
 * Rows change by conditional update on the old state, so a table is also what makes retries harmless.
 */
import { AppError } from './app-error.ts'

export type StateTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>

/** The state after `event`. Throws `state_conflict`, naming both, when the table has no such step. */
export function transition<State extends string, Event extends string>(
  table: StateTable<State, Event>,
  from: State,
  event: Event,
): State {
  const to = table[from][event]
  if (to === undefined) {
    throw new AppError('state_conflict', {
      publicMessage: `Cannot ${event} what is already ${from}.`,
      details: { from, event },
    })
  }
  return to
}
