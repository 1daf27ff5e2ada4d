/**
 * Hands signed bytes to the chain. However often and however badly that goes, the bytes are the same, so the chain has
 * the transaction at most once.
 */
import { BaseError, keccak256, type Hex, type PublicClient } from 'viem'

import { isRevert } from '../explain-chain-error.ts'
import type { Time } from './time.ts'

/**
 * accepted: the chain has it. taken: another transaction holds its number. underpriced: no longer enough for the pool.
 * unknown: nobody answered, it may be there or not.
 */
export type BroadcastOutcome = 'accepted' | 'taken' | 'underpriced' | 'unknown'

const ATTEMPTS_MAX = 4
const NONCE_TAKEN =
  /nonce too low|nonce has already been used|replacement transaction underpriced|replacement.*underpriced/i
const ALREADY_KNOWN = /already known|already imported|known transaction|already in (?:the )?pool/i
const FEE_TOO_LOW = /less than block base fee|fee.*too low|transaction underpriced|underpriced/i
const NO_GAS_MONEY = /insufficient funds|exceeds (?:the )?balance/i

/** @throws what the chain answers when it will never take these bytes: no money for gas, a refusal. */
export async function broadcast(publicClient: PublicClient, raw: Hex, time: Time): Promise<BroadcastOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      await publicClient.sendRawTransaction({ serializedTransaction: raw })
      return 'accepted'
    } catch (error) {
      const text = textOf(error)
      if (ALREADY_KNOWN.test(text)) return 'accepted'
      // The answer to an earlier attempt may have been lost: "nonce too low" can be about these very bytes.
      const known = await isKnown(publicClient, keccak256(raw))
      if (known === true) return 'accepted'
      if (known === false) {
        if (NONCE_TAKEN.test(text)) return 'taken'
        if (FEE_TOO_LOW.test(text)) return 'underpriced'
        if (NO_GAS_MONEY.test(text) || isRevert(error)) throw error
      }
      if (attempt >= ATTEMPTS_MAX) return 'unknown'
      await time.sleep(100 * 2 ** attempt)
    }
  }
}

/** Null when the chain does not say. */
export async function isKnown(publicClient: PublicClient, hash: Hex): Promise<boolean | null> {
  try {
    await publicClient.getTransaction({ hash })
    return true
  } catch (error) {
    return isNotFound(error) ? false : null
  }
}

/** Whether an error is the chain's answer that there is no such transaction or receipt. */
export function isNotFound(error: unknown): boolean {
  return (
    error instanceof BaseError &&
    (error.name === 'TransactionNotFoundError' || error.name === 'TransactionReceiptNotFoundError')
  )
}

function textOf(error: unknown): string {
  return error instanceof BaseError ? `${error.message} ${error.details}` : String(error)
}
