/** What a sealed request can fail of beyond what any request can, as OpenAI's clients read it. */
export type SealedErrorCode =
  /** The gateway named nobody whom this client trusts to read the request. */
  | 'sealed_no_candidates'
  /** Nobody said whom to trust: `nodes`, `accept` or `trustGateway`. Thrown, by `sealedFetch` itself. */
  | 'sealed_trust_missing'
  /** What the gateway said of keys is not signed as it must be. */
  | 'sealed_bad_key'
  /** Part of the answer is not what the node sealed, or not in its place. */
  | 'sealed_tampered'
  /** The answer ended before the node said that it was whole. */
  | 'sealed_truncated'
  /** Asked for something that cannot be sealed. Nothing was sent. */
  | 'sealed_unsupported'

export class SealedError extends Error {
  override readonly name = 'SealedError'
  readonly code: SealedErrorCode

  constructor(code: SealedErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The body of an error in OpenAI's shape. */
export function errorBody({ code, message }: SealedError) {
  return { error: { message, type: 'sealed_error', param: null, code } }
}
