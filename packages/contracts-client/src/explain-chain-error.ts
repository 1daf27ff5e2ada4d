/**
 * Turns what viem throws into an AppError: the contract's refusal in a sentence, or that the chain is not there.
 */
import { AppError, isAppError } from '@isochrone/domain'
import { BaseError } from 'viem'

import { revertOf, type Revert } from './decode-revert.ts'

const REVERTED = /execution reverted|reverted/i
const NO_GAS_MONEY = /insufficient funds/i

/** Whether the chain answered, and the answer was that a contract refuses. */
export function isRevert(error: unknown): boolean {
  return revertOf(error) !== undefined || REVERTED.test(textOf(error))
}

/** The custom error that made a send fail, if one did: `revertNamed(error) === 'ChannelExists'`. */
export function revertNamed(error: unknown): string | undefined {
  if (!isAppError(error)) return revertOf(error)?.name
  const revert = error.details.revert
  return typeof revert === 'string' ? revert : undefined
}

/**
 * `state_conflict` with `details.revert` and `details.args` for a refusal; `chain_unavailable` for the rest.
 */
export function explainChainError(error: unknown, details: Record<string, unknown> = {}): AppError {
  if (isAppError(error)) return error
  const revert: Revert | undefined = revertOf(error)
  if (revert) {
    const args = revert.args.map(String)
    return new AppError('state_conflict', {
      publicMessage: revert.sentence,
      details: { ...details, revert: revert.name, args },
      cause: error,
    })
  }
  if (NO_GAS_MONEY.test(textOf(error))) {
    const publicMessage = 'The account that sends our transactions has no coins left to pay for gas. Top it up.'
    return new AppError('chain_unavailable', { publicMessage, details, cause: error })
  }
  if (REVERTED.test(textOf(error))) {
    return new AppError('state_conflict', {
      publicMessage: 'The contract refused, without a reason.',
      details,
      cause: error,
    })
  }
  return new AppError('chain_unavailable', {
    publicMessage: 'The chain does not answer. Try again in a moment.',
    details,
    cause: error,
  })
}

function textOf(error: unknown): string {
  return error instanceof BaseError ? `${error.shortMessage} ${error.details}` : String(error)
}
