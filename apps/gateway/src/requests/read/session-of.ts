/** The name of a conversation, as clients have for it: OpenAI's `prompt_cache_key`, or a header where no field can be sent. */
import { AppError } from '@isochrone/domain'

export const SESSION_HEADER = 'x-session-id'
const CHARACTERS_MAX = 256

/** Null where it is named by neither; the field wins. Throws `invalid_input` on what is no name. */
export function sessionOf(field: unknown, header: string | string[] | undefined): string | null {
  const isField = field !== undefined && field !== null
  const session = isField ? field : header
  if (session === undefined || session === '') return null
  if (typeof session === 'string' && session.length <= CHARACTERS_MAX) return session
  const name = isField ? 'prompt_cache_key' : SESSION_HEADER
  throw new AppError('invalid_input', {
    publicMessage: `'${name}' must be a string of at most ${CHARACTERS_MAX} characters.`,
    field: name,
  })
}
