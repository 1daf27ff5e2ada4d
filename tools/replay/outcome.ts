/** What became of one request of the replay. */
export interface Outcome {
  readonly finished: boolean
  /** Why not, in one line; null when it finished. */
  readonly error: string | null
  /**
   * Interactive: from sending to the first token, as the client saw it. Queued: from dispatch, as the gateway measured;
   * the wait in the queue is not in it. Null when none came.
   */
  readonly ttftMs: number | null
  /** From the same start to the last token. */
  readonly servedMs: number
  readonly durationMs: number
  readonly tokensIn: number
  readonly tokensOut: number
  readonly priceMicroUsd: bigint
  /** `req_…`, as the gateway named it; null when it did not finish. */
  readonly requestId: string | null
  /** Name of the node that served it. */
  readonly node: string | null
  /** That node answers with the timing of a performance curve. */
  readonly simulated: boolean
  /** Times that it had to be sent again. */
  readonly resent: number
}

/** What the gateway adds to a final chunk or answer. */
export interface IsochroneExtra {
  readonly requestId?: string
  readonly node?: string
  readonly nodeName?: string
  readonly simulated?: boolean
  readonly priceMicroUsd?: string
  /** Dispatch → first token, and → end, at the gateway. */
  readonly ttftMs?: number | null
  readonly durationMs?: number
}
