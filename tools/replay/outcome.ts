/** What became of one request of the replay. */
export interface Outcome {
  readonly finished: boolean
  /** Why not, in one line; null when it finished. */
  readonly error: string | null
  /** From sending to the first token, as the client saw it; null when none came, or for queued work. */
  readonly ttftMs: number | null
  readonly durationMs: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly priceMicroUsd: bigint
  /** `req_…`, as the gateway named it; null when it did not finish. */
  readonly requestId: string | null
  /** Name of the node that served it. */
  readonly node: string | null
  /** Times that it had to be sent again. */
  readonly resent: number
}

/** What the gateway adds to a final chunk or answer. */
export interface IsochroneExtra {
  readonly requestId?: string
  readonly node?: string
  readonly nodeName?: string
  readonly priceMicroUsd?: string
}
