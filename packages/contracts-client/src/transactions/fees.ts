/**
 * What a transaction offers for gas, under either fee model, and how much more its replacement must offer.
 *
 * Nodes take a replacement only when every price in it rises by 10 % (geth) or 12.5 % (some others).
 */
import { AppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

import type { ChainProfile } from './chain-profile.ts'

/** wei per unit of gas; `tip` only under EIP-1559. */
export type Fees = { model: 'eip1559'; max: bigint; tip: bigint } | { model: 'legacy'; max: bigint }

type FeeProfile = Pick<ChainProfile, 'feeModel' | 'maxFeePerGasWei'>

const BUMP_NUMERATOR = 1_125n
const BUMP_LEAST_NUMERATOR = 1_100n
const BUMP_DENOMINATOR = 1_000n
/** Room for the base fee to grow by its most (12.5 %) for about six blocks. */
const BASE_FEE_HEADROOM = 2n

/** By how much the base fee grows at most from one block to the next: an eighth (EIP-1559). */
const BASE_FEE_STEP = 8n

/**
 * What the chain asks now, within the profile's limit.
 *
 * Under legacy prices the room is for the base fee alone. A share of the whole price would come back as the next price: nodes
 * take it from what was paid lately, and a chain on which few others send would grow dearer with each of our transactions.
 *
 * @throws AppError `chain_unavailable` when the chain asks for more than the limit.
 */
export async function currentFees(publicClient: PublicClient, profile: FeeProfile): Promise<Fees> {
  const { maxFeePerGasWei: limit } = profile
  const { baseFeePerGas } = await publicClient.getBlock({ blockTag: 'latest' })
  const base = baseFeePerGas ?? 0n
  if (profile.feeModel === 'legacy') {
    const price = await publicClient.getGasPrice()
    if (price > limit) throw tooDear(price, limit)
    return { model: 'legacy', max: smaller(price + base / BASE_FEE_STEP + 1n, limit) }
  }
  if (base > limit) throw tooDear(base, limit)
  const asked = await publicClient.estimateMaxPriorityFeePerGas()
  const max = smaller(base * BASE_FEE_HEADROOM + asked, limit)
  return { model: 'eip1559', max, tip: smaller(asked, max) }
}

/** The fees of a replacement: what the chain asks now, and at least an eighth more. Null when the limit forbids it. */
export function bumpedFees(
  sent: Fees,
  now: Fees,
  { maxFeePerGasWei: limit }: Pick<ChainProfile, 'maxFeePerGasWei'>,
): Fees | null {
  const max = smaller(larger(raised(sent.max), now.max), limit)
  if (max < leastReplacement(sent.max)) return null
  if (sent.model === 'legacy' || now.model === 'legacy') return { model: 'legacy', max }
  return { model: 'eip1559', max, tip: smaller(larger(raised(sent.tip), now.tip), max) }
}

function raised(wei: bigint): bigint {
  return (wei * BUMP_NUMERATOR) / BUMP_DENOMINATOR + 1n
}

function leastReplacement(wei: bigint): bigint {
  return (wei * BUMP_LEAST_NUMERATOR + BUMP_DENOMINATOR - 1n) / BUMP_DENOMINATOR
}

function tooDear(asked: bigint, limit: bigint): AppError {
  return new AppError('chain_unavailable', {
    publicMessage: `Gas costs ${gwei(asked)} gwei now, above our limit of ${gwei(limit)}. We try again when it is cheaper.`,
  })
}

const gwei = (wei: bigint): string => (Number(wei) / 1e9).toFixed(2)
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
