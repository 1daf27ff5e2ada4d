/** The stake of a provider or a lane. */
import type { Hex } from 'viem'

import { stakeVaultAbi } from '../abi/stake-vault.ts'
import type { ChainReader } from '../chain-client.ts'

/** µUSD. */
export interface Stake {
  /** All of it, thawing and locked included. */
  tokens: bigint
  /** Held for open disputes. */
  locked: bigint
  thawing: bigint
  /** Chain time in seconds; 0 when nothing thaws. */
  thawEndsAtS: number
  /** Backs work begun now: tokens − thawing. */
  active: bigint
}

/** Zeros for a subject without stake. */
export async function stakeOf({ publicClient, deployment }: ChainReader, subject: Hex): Promise<Stake> {
  const { thawEndsAt, ...stake } = await publicClient.readContract({
    address: deployment.addresses.vault,
    abi: stakeVaultAbi,
    functionName: 'stakeOf',
    args: [subject],
  })
  return { ...stake, thawEndsAtS: Number(thawEndsAt), active: stake.tokens - stake.thawing }
}
