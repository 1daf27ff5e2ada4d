/** What became of every request, one column a field; index = index of the request. */
export const requestStates = ['pending', 'finished', 'refused', 'failed', 'unfinished'] as const
export type RequestState = (typeof requestStates)[number]
export const statePending = 0
export const stateFinished = 1
export const stateRefused = 2
export const stateFailed = 3
export const stateUnfinished = 4

export class RequestLog {
  /** Requests that are no longer pending. */
  done = 0
  readonly state: Uint8Array
  /** First token at the gateway, ms; 0 = none. */
  readonly firstMs: Float64Array
  readonly endMs: Float64Array
  readonly attempts: Uint8Array
  readonly failovers: Uint8Array
  readonly continuations: Uint8Array
  readonly waits: Uint16Array
  readonly hedges: Uint8Array
  readonly moves: Uint8Array
  /** Attempts that a node declined because of the prompts that waited there. */
  readonly declines: Uint8Array
  /** Tokens delivered by attempts that ended early. */
  readonly delivered: Int32Array
  /** The live attempt plus one; 0 = none. */
  readonly live: Int32Array
  /** The hedge beside it plus one; 0 = none. */
  readonly second: Int32Array

  constructor(requests: number) {
    this.state = new Uint8Array(requests)
    this.firstMs = new Float64Array(requests)
    this.endMs = new Float64Array(requests)
    this.attempts = new Uint8Array(requests)
    this.failovers = new Uint8Array(requests)
    this.continuations = new Uint8Array(requests)
    this.waits = new Uint16Array(requests)
    this.hedges = new Uint8Array(requests)
    this.moves = new Uint8Array(requests)
    this.declines = new Uint8Array(requests)
    this.delivered = new Int32Array(requests)
    this.second = new Int32Array(requests)
    this.live = new Int32Array(requests)
  }

  finish(request: number, state: number, nowMs: number): void {
    this.state[request] = state
    this.endMs[request] = nowMs
    this.done++
  }
}
