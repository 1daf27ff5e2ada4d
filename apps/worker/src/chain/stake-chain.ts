/** StakeVault as the platform's managed account uses it for providers that hold no keys of their own. */
import { mintTestUsdc, provision, stakeOf, tokenBalance, type ChainWriter } from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { StakeChain } from '@isochrone/services'

export function stakeChain(wallet: ChainWriter): StakeChain {
  return {
    stakeOf: async (subject) => (await stakeOf(wallet, subject as Hex)).active,
    async addStake({ subject, microUsd: amount }) {
      // Nobody has paid for it yet: with real money it would be a gift of the platform's own.
      if (wallet.deployment.codeHashes.token === null) {
        throw new AppError('state_conflict', {
          publicMessage: 'Managed stake is for test money, which is not what this market uses. Stake from a wallet.',
        })
      }
      const from = wallet.sender.account.address
      const held = await tokenBalance(wallet, from)
      if (held < amount) await mintTestUsdc(wallet, { to: from, amount: amount - held })
      return { txHash: (await provision(wallet, { subject: subject as Hex, amount })).transactionHash }
    },
  }
}
