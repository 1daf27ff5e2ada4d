/** What a line of a batch may say of routing, judged before the batch begins, and the routing that it runs with. */
import { isAppError } from '@isochrone/domain'
import { parseRoutingPolicy } from './parse-routing-policy.ts'

/** The field of the line that is wrong and one sentence about it; null where nothing is. */
export function batchRoutingFault(routing: unknown): { param: string; message: string } | null {
  const root = 'body.routing'
  try {
    parseRoutingPolicy(routing, root)
    return null
  } catch (error) {
    if (!isAppError(error)) throw error
    return { param: error.field ?? root, message: error.publicMessage }
  }
}

/** Price decides, whatever the line says a second is worth; all else that it says of routing holds. */
export function batchRouting(routing: unknown): Record<string, unknown> {
  const { value_of_second_usd: _worth, ...wish } = (routing ?? {}) as Record<string, unknown>
  return { ...wish, sort: 'price' }
}
