/** Signs a transaction at a price: its first time, or again under the same number to replace itself. */
import { keccak256, type LocalAccount } from 'viem'

import type { Fees } from './fees.ts'
import type { PendingTransaction, SignedAttempt } from './pending-transactions.ts'

type Unsigned = Pick<PendingTransaction, 'chainId' | 'nonce' | 'to' | 'data' | 'gas'>

export async function signAttempt(
  account: LocalAccount,
  { chainId, nonce, to, data, gas }: Unsigned,
  fees: Fees,
  nowMs: number,
): Promise<SignedAttempt> {
  const common = { chainId, nonce, data, gas: BigInt(gas), ...(to !== null && { to }) }
  const raw = await account.signTransaction(
    fees.model === 'legacy'
      ? { ...common, type: 'legacy', gasPrice: fees.max }
      : { ...common, type: 'eip1559', maxFeePerGas: fees.max, maxPriorityFeePerGas: fees.tip },
  )
  return {
    raw,
    hash: keccak256(raw),
    maxFeePerGasWei: String(fees.max),
    tipPerGasWei: fees.model === 'legacy' ? null : String(fees.tip),
    sentAtMs: nowMs,
  }
}

/** The fees of an earlier signing. */
export function feesOf({ maxFeePerGasWei, tipPerGasWei }: SignedAttempt): Fees {
  const max = BigInt(maxFeePerGasWei)
  return tipPerGasWei === null ? { model: 'legacy', max } : { model: 'eip1559', max, tip: BigInt(tipPerGasWei) }
}
