/**
 * Managed payout accounts: an address for each provider, whose key the platform makes from its managed wallet's.
 *
 * The account never sends a transaction, so it needs no coins: it signs an ERC-3009 authorization whose nonce is the
 * order's, which the managed wallet relays. The token takes each of them once.
 */
import {
  provisionOnce,
  stakeOf,
  thaw,
  transferTypedData,
  transferWithAuthorization,
  withdrawStake,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'
import { addressOfKey, bytes32Of, payoutKeyOf, type Hex } from '@isochrone/protocol'
import type { ChainReads, PayoutChain } from '@isochrone/services'
import { privateKeyToAccount } from 'viem/accounts'
import { provideMoney } from './platform-money.ts'

/** Far enough away never to matter; a replay is stopped by the nonce. */
const VALID_BEFORE_S = 4_102_444_800n

/** @param operator owns providers that joined on the web, and with them their stake. */
export function payoutChain(
  wallet: ChainWriter,
  operator: ChainWriter,
  walletKey: Hex,
  head: ChainReads['head'],
): PayoutChain {
  const { deployment } = wallet
  const keyOf = (providerId: string) => payoutKeyOf({ walletKey, providerId: providerId as Hex })
  return {
    walletAddress: wallet.sender.account.address.toLowerCase() as Hex,
    accountOf: (providerId) => addressOfKey(keyOf(providerId)),
    stakeOf: async (providerId) => (await stakeOf(wallet, providerId as Hex)).active,

    async payOnce({ providerId, to, microUsd: amount, orderId }) {
      if (deployment.codeHashes.token === null) throw realMoney()
      const account = privateKeyToAccount(keyOf(providerId))
      const authorization = {
        from: account.address,
        to: to as Hex,
        amount,
        validAfterS: 0n,
        validBeforeS: VALID_BEFORE_S,
        nonce: bytes32Of(orderId),
      }
      const { chainId, addresses } = deployment
      const typedData = transferTypedData({ ...authorization, chainId, token: addresses.token })
      const signature = await account.signTypedData(typedData)
      const { receipt } = await transferWithAuthorization(wallet, { ...authorization, signature })
      return { txHash: receipt?.transactionHash ?? null }
    },

    async stakeOnce({ providerId, microUsd: amount, orderId }) {
      // What the account paid lies with other money of the wallet's, which may have gone into a bond meanwhile.
      const fund = (lacking: bigint) => provideMoney(wallet, lacking)
      const once = { subject: providerId as Hex, amount, orderId: bytes32Of(orderId), fund }
      const { receipt } = await provisionOnce(wallet, once)
      return { txHash: receipt?.transactionHash ?? null }
    },

    async thawOnce(providerId) {
      const subject = providerId as Hex
      const { tokens: amount, thawing } = await stakeOf(operator, subject)
      if (thawing > 0n || amount === 0n) return { txHash: null }
      return { txHash: (await thaw(operator, { subject, amount })).transactionHash }
    },
    isThawing: async (providerId) => (await stakeOf(operator, providerId as Hex)).thawing > 0n,
    async isThawed(providerId) {
      const { thawEndsAtS } = await stakeOf(operator, providerId as Hex)
      return thawEndsAtS <= (await head()).nowS
    },
    async withdrawStake({ providerId, to }) {
      const { receipt } = await withdrawStake(operator, { subject: providerId as Hex, to: to as Hex })
      return { txHash: receipt?.transactionHash ?? null }
    },
  }
}

function realMoney(): AppError {
  return new AppError('state_conflict', {
    publicMessage: 'Managed payout accounts are for test money, which is not what this market uses.',
  })
}
