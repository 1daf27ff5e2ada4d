/**
 * What an attempt costs: the rules of the bill, pure.
 *
 * Output: the node's count, at most what the customer was handed. Input: only where the provider did not fail. A
 * provider that failed before the first token, or signed something else than what was ordered, earns nothing. An answer
 * that another attempt goes on with has one prompt: whoever ends it is paid for that, whoever broke off for its tokens.
 */
import { priceMicroUsd, type BilledUsage, type Prices } from '@isochrone/domain'
import { fault, type Fault, type WorkReceipt } from '@isochrone/protocol'

export interface BillInput {
  /** Null when the node never answered, or its link went down before it signed. */
  work: WorkReceipt | null
  /** A receipt came and was refused. */
  workRefused: boolean
  fault: Fault
  /** False for a discarded attempt: nothing of it reached the customer. */
  billable: boolean
  tokensDelivered: number
  tokensOutMax: number
  /** Tokens of the answer before this attempt, which its node counts as input. */
  tokensBefore: number
  /** Another attempt went on with what this one delivered, or is to. */
  continued: boolean
  bytesIn: number
  bytesOut: number
  prices: Prices
}

export interface Bill {
  usage: BilledUsage
  priceMicroUsd: bigint
}

/** Tokens that a chat template may add to a prompt. No tokenizer makes more tokens than there are bytes. */
const TEMPLATE_TOKENS_MAX = 64
const NOTHING: BilledUsage = { tokensIn: 0, tokensCached: 0, tokensOut: 0, bytesIn: 0, bytesOut: 0 }

export function billAttempt(input: BillInput): Bill {
  const usage = usageOf(input)
  return { usage, priceMicroUsd: priceMicroUsd(usage, input.prices) }
}

function usageOf(input: BillInput): BilledUsage {
  const { work, tokensDelivered, tokensOutMax, bytesIn, bytesOut } = input
  if (!input.billable || input.workRefused || input.fault === fault.capacity) return NOTHING
  const tokensOut = Math.min(work?.tokensOut ?? tokensDelivered, tokensDelivered, tokensOutMax)
  // Delivered tokens only: neither the prompt nor a byte of a stream that the provider broke.
  if (!work || input.fault === fault.provider || input.continued) return { ...NOTHING, tokensOut }
  if (input.fault === fault.gateway && tokensOut === 0) return NOTHING
  const tokensInMax = bytesIn + TEMPLATE_TOKENS_MAX
  if (input.tokensBefore > 0) {
    const prompt = Math.min(tokensInMax, Math.max(0, work.tokensIn + work.tokensCached - input.tokensBefore))
    // What a cache holds is the beginning of it: the prompt first, then the answer so far.
    const tokensCached = Math.min(work.tokensCached, prompt)
    return { tokensIn: prompt - tokensCached, tokensCached, tokensOut, bytesIn, bytesOut }
  }
  const tokensIn = Math.min(work.tokensIn, tokensInMax)
  return { tokensIn, tokensCached: Math.min(work.tokensCached, tokensInMax - tokensIn), tokensOut, bytesIn, bytesOut }
}
