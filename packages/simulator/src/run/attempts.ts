/**
 * All attempts of a run, one column a field: dispatch order is index order, and nothing is ever reused, so that an event
 * can name an attempt long after it ended. Columns that hold an index hold it plus one; 0 is none.
 */
export const outcomes = ['none', 'finished', 'refused', 'failed', 'cancelled', 'moved', 'declined'] as const
export const outcomeFinished = 1
export const outcomeRefused = 2
export const outcomeFailed = 3
export const outcomeCancelled = 4
export const outcomeMoved = 5
export const outcomeDeclined = 6

export class Attempts {
  count = 0
  readonly request: Int32Array
  readonly gateway: Int32Array
  readonly replica: Int32Array
  /** The incarnation of the node that its link led to. */
  readonly incarnation: Int32Array
  readonly dispatchMs: Float64Array
  /** At the gateway; 0 = none yet. */
  readonly firstMs: Float64Array
  readonly endMs: Float64Array
  readonly tokensIn: Int32Array
  readonly tokensOut: Int32Array
  readonly cached: Int32Array
  /** Prompt tokens that may wait before it at the node; NaN = any number. */
  readonly prefillAheadMax: Float64Array
  /** Prompt tokens that its gateway expects to be prefilled, as it tells the node; NaN = it says nothing. */
  readonly promptTokens: Float64Array
  /** Tokens that reached the gateway. */
  readonly delivered: Int32Array
  readonly slot: Int32Array
  /** As the node ended it; `ended` says that the gateway knows. */
  readonly outcome: Uint8Array
  readonly ended: Uint8Array
  readonly concurrency: Float64Array
  readonly context: Float64Array
  private readonly heads: Int32Array
  private readonly next: Int32Array
  private readonly previous: Int32Array
  private readonly replicas: number

  /** Memory is taken page by page as attempts are made, so a generous `max` costs nothing. */
  constructor(max: number, gateways: number, replicas: number) {
    this.request = new Int32Array(max)
    this.gateway = new Int32Array(max)
    this.replica = new Int32Array(max)
    this.incarnation = new Int32Array(max)
    this.dispatchMs = new Float64Array(max)
    this.firstMs = new Float64Array(max)
    this.endMs = new Float64Array(max)
    this.tokensIn = new Int32Array(max)
    this.tokensOut = new Int32Array(max)
    this.cached = new Int32Array(max)
    this.prefillAheadMax = new Float64Array(max)
    this.promptTokens = new Float64Array(max)
    this.delivered = new Int32Array(max)
    this.slot = new Int32Array(max)
    this.outcome = new Uint8Array(max)
    this.ended = new Uint8Array(max)
    this.concurrency = new Float64Array(max)
    this.context = new Float64Array(max)
    this.heads = new Int32Array(gateways * replicas)
    this.next = new Int32Array(max)
    this.previous = new Int32Array(max)
    this.replicas = replicas
  }

  /** A new live attempt; the caller fills in the tokens. */
  open(request: number, gateway: number, replica: number, incarnation: number, nowMs: number): number {
    const attempt = this.count++
    this.request[attempt] = request
    this.gateway[attempt] = gateway
    this.replica[attempt] = replica
    this.incarnation[attempt] = incarnation
    this.dispatchMs[attempt] = nowMs
    const link = gateway * this.replicas + replica
    const head = this.heads[link] as number
    this.next[attempt] = head
    if (head > 0) this.previous[head - 1] = attempt + 1
    this.heads[link] = attempt + 1
    return attempt
  }

  close(attempt: number, nowMs: number): void {
    this.ended[attempt] = 1
    this.endMs[attempt] = nowMs
    const next = this.next[attempt] as number
    const previous = this.previous[attempt] as number
    if (next > 0) this.previous[next - 1] = previous
    if (previous > 0) this.next[previous - 1] = next
    else this.heads[(this.gateway[attempt] as number) * this.replicas + (this.replica[attempt] as number)] = next
  }

  /** Live attempts of one gateway on one replica, in order of dispatch. */
  liveOn(gateway: number, replica: number): number[] {
    const live: number[] = []
    for (let at = this.heads[gateway * this.replicas + replica] as number; at > 0; at = this.next[at - 1] as number) {
      live.push(at - 1)
    }
    return live.toReversed()
  }
}
