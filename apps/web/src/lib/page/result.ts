/** What a server action answers: data, or an error that says what failed, who owns it and how to refer to it. */
import type { ErrorCode, ErrorOwner } from '@isochrone/domain'

export interface ActionError {
  code: ErrorCode
  owner: ErrorOwner
  message: string
  /** The input at fault, for `invalid_input`. */
  field: string | null
  /** To quote when asking for help; the same id is in the server's log. null: no server answered. */
  requestId: string | null
}

export type ActionResult<T> = { ok: true; data: T } | { ok: false; error: ActionError }

/** Whose fault an error is, in words. */
export const ownerWords: Record<ErrorOwner, string> = {
  client: 'The request itself',
  capacity: 'Free capacity on the market',
  provider: 'The provider',
  chain: 'The chain',
  platform: 'Isochrone',
}
