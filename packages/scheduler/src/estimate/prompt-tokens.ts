/**
 * Tokens of a prompt from its bytes, for whoever has no tokenizer: at most, about, and at least.
 *
 * One truth for gateway and worker: placers that estimate differently refuse each other's choices.
 */
import { TOKENS_PER_BYTE_MIN } from '@isochrone/domain'

/** Tokens that a byte of a prompt is, before anything was counted: generous for text, where four bytes a token are usual. */
export const TOKENS_PER_BYTE_DEFAULT = 0.3
/** No real tokenizer leaves these: measured shares outside of them are broken counts. */
export const TOKENS_PER_BYTE = { min: TOKENS_PER_BYTE_MIN, max: 1 }
/** A prompt of n bytes has at most n tokens, and a chat template adds a few. */
const TEMPLATE_TOKENS_MAX = 64

/** Tokens that are billed at most. */
export const promptTokensMax = (bytes: number): number => bytes + TEMPLATE_TOKENS_MAX

/** Tokens that a prompt is likely to have; no bill follows from it. */
export const promptTokensLikely = (bytes: number, tokensPerByte = TOKENS_PER_BYTE_DEFAULT): number =>
  Math.ceil(bytes * tokensPerByte)

/** Tokens that the body of a request has at least. What is embedded as a `data:` URL counts for nothing. */
export function promptTokensMin(body: Buffer): number {
  let bytes = body.length
  for (let at = body.indexOf('data:'); at >= 0;) {
    const end = body.indexOf('"', at)
    bytes -= (end < 0 ? body.length : end) - at
    at = end < 0 ? -1 : body.indexOf('data:', end)
  }
  return Math.floor(bytes * TOKENS_PER_BYTE.min)
}
