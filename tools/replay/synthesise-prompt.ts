/**
 * A prompt of about so many tokens, different for each request, so that no cache answers for the engine.
 *
 * Traces carry lengths and no text. Short English words come to about one token each with common tokenizers; what the
 * engine really counted is in the result.
 */
import type { Prng } from '@isochrone/domain'

const words =
  'the and you that was for are with his they this have from one had word but not what all were when your can said there use each which she how their will other about out many then them these some her would make like him into time has look two more write see number way could people than first water been call who oil its now find long down day did get come made may part'.split(
    ' ',
  )

export function synthesisePrompt(tokens: number, rng: Prng): string {
  return Array.from({ length: Math.max(1, tokens) }, () => words[rng.below(words.length)]).join(' ')
}
