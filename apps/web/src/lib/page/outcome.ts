/** What is known of a request that may be sent again: a lost answer leaves open whether it was done, a refusal does not. */
import type { ErrorCode } from '@isochrone/domain'
import type { ActionError, ActionResult } from './result.ts'

/** The server broke off, or its turn never came: something may have been written before. */
const leftOpen = new Set<ErrorCode>(['internal', 'busy'])
/** Said only after the server has looked for what the same request had done before. Another refusal says nothing of that. */
const looked = new Set<ErrorCode>(['state_conflict', 'capacity_unavailable', 'insufficient_balance', 'not_found'])

/** Whether it is unknown what became of a request, after its newest answer. `before`: whether it was until then. */
export function isOutcomeUnknown(before: boolean, answer: ActionResult<unknown>): boolean {
  if (answer.ok) return false
  const { code, requestId } = answer.error
  if (requestId === null || leftOpen.has(code)) return true
  return before && !looked.has(code)
}

/** An error that leaves the outcome open, with what comes of pressing again: "it is rented once". */
export function withAgain(error: ActionError, again: string): ActionError {
  const what = error.requestId === null ? 'The server did not answer. Check your connection.' : error.message
  return { ...error, message: `${what} Press again: ${again}.` }
}
