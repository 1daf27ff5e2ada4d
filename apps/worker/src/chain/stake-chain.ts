/** StakeVault as the platform's managed account uses it for providers that hold no keys of their own. */
import { provisionOnce, stakeOf, type ChainReader, type ChainWriter } from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'
import { bytes32Of, type Hex } from '@isochrone/protocol'
import type { ConfirmedStake, StakeChain } from '@isochrone/services'
import { provideMoney } from './platform-money.ts'

/** @param reader of confirmed blocks. */
export function stakeReads(reader: ChainReader): ConfirmedStake {
  return { stakeOf: async (subject) => (await stakeOf(reader, subject as Hex)).active }
}

export function stakeChain(wallet: ChainWriter): StakeChain {
  return {
    stakeOf: async (subject) => (await stakeOf(wallet, subject as Hex)).active,
    async stakeOnce({ subject, microUsd: amount, orderId }) {
      // Nobody has paid for it yet: with real money it would be a gift of the platform's own.
      if (wallet.deployment.codeHashes.token === null) {
        throw new AppError('state_conflict', {
          publicMessage: 'Managed stake is for test money, which is not what this market uses. Stake from a wallet.',
        })
      }
      const fund = (lacking: bigint) => provideMoney(wallet, lacking)
      const once = { subject: subject as Hex, amount, orderId: bytes32Of(orderId), fund }
      const { receipt } = await provisionOnce(wallet, once)
      return { txHash: receipt?.transactionHash ?? null }
    },
  }
}
