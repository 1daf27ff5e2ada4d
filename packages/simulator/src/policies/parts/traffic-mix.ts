/**
 * Mean size of this gateway's requests, as its operator would read it off a dashboard: prompts when they arrive, outputs
 * when they finish. A forgetting mean over about 200 requests; before the first, typical chat sizes.
 */
import type { PolicyInstance } from '../../sim-types.ts'

const memory = 200
const tokensInAtFirst = 1000
const tokensOutAtFirst = 200
const ttftSloMsAtFirst = 500

export interface TrafficMix {
  tokensIn(): number
  tokensOut(): number
  /** Mean TTFT SLO of the requests, ms. */
  ttftSloMs(): number
  /** Mean context of a running stream: its prompt and half of its output. */
  contextTokens(): number
  hooks: Pick<PolicyInstance, 'onDispatch' | 'onEnd'>
}

export function createTrafficMix(): TrafficMix {
  let tokensIn = tokensInAtFirst
  let tokensOut = tokensOutAtFirst
  let ttftSloMs = ttftSloMsAtFirst
  let seenIn = 0
  let seenOut = 0
  return {
    tokensIn: () => tokensIn,
    tokensOut: () => tokensOut,
    ttftSloMs: () => ttftSloMs,
    contextTokens: () => tokensIn + tokensOut / 2,
    hooks: {
      onDispatch(_, request) {
        seenIn = Math.min(memory, seenIn + 1)
        tokensIn += (request.tokensIn - tokensIn) / seenIn
        ttftSloMs += (request.ttftSloMs - ttftSloMs) / seenIn
      },
      onEnd(_, __, outcome) {
        if (outcome.kind !== 'finished' || outcome.tokensOut <= 0) return
        seenOut = Math.min(memory, seenOut + 1)
        tokensOut += (outcome.tokensOut - tokensOut) / seenOut
      },
    },
  }
}
