/** Words that a case keeps: evidence, answers and reasons. */
import { formatCount } from '../words/format.ts'

/** As much as the service keeps of one text. */
const BYTES_MAX = 64 * 1_024

/** Why a text of this length is not taken; undefined when it is. */
export function keptTextProblem(text: string): string | undefined {
  const bytes = new TextEncoder().encode(text).length
  return bytes > BYTES_MAX ? `${formatCount(bytes)} bytes; at most ${formatCount(BYTES_MAX)} are kept.` : undefined
}
