/** The services' view of the chain, on our contracts: reads, settlement, registry and the managed wallet. */
import {
  addNodeKey,
  anchorEpoch,
  anchorOf,
  channelState,
  claimedOf,
  claimMany,
  createChainWriter,
  openChannel,
  pendingOf,
  providerOf,
  registerProvider,
  registerTerms,
  setCeiling,
  settle,
  signCeiling,
  type ChainReader,
  type Deployment,
  type WriteOutcome,
} from '@isochrone/contracts-client'
import type { Hex } from '@isochrone/protocol'
import type {
  ChainReads,
  ChannelOnChain,
  ManagedWalletChain,
  RegistryChain,
  Sent,
  SettlementChain,
} from '@isochrone/services'
import { chainEvents } from './chain-events.ts'
import { depositOnce } from './deposit-once.ts'

export interface CreateChainOptions {
  rpcUrl: string
  deployment: Deployment
  operatorKey: Hex
  managedWalletKey: Hex
}

export function createChain({ rpcUrl, deployment, operatorKey, managedWalletKey }: CreateChainOptions) {
  const operator = createChainWriter({ rpcUrl, deployment, privateKey: operatorKey })
  const wallet = createChainWriter({ rpcUrl, deployment, privateKey: managedWalletKey })
  const reads = chainReads(operator)

  const settlement: SettlementChain = {
    ...reads,
    anchor: async (signed) => sentOf(await anchorEpoch(operator, signed)),
    async claimMany(vouchers) {
      const { receipt, claimed, skipped } = await claimMany(operator, vouchers)
      const short = claimed.map(({ channelId, providerId, unpaid }) => ({
        channelId,
        providerId,
        unpaid,
        reason: null,
      }))
      const refused = skipped.map(({ channelId, providerId, reason }) => ({
        channelId,
        providerId,
        unpaid: 0n,
        reason,
      }))
      return { txHash: receipt.transactionHash, outcomes: [...short, ...refused] }
    },
    settle: async (providerId, epochs) => sentOf(await settle(operator, { providerId, epochs })),
  }

  const registry: RegistryChain = {
    operatorAddress: operator.sender.account.address.toLowerCase() as Hex,
    async registerProvider({ salt, payoutAddress }) {
      const outcome = await registerProvider(operator, { salt, payout: payoutAddress })
      const provider = await providerOf(operator, outcome.providerId)
      return { ...sentOf(outcome), feeBps: provider?.feeBps ?? deployment.params.feeBps }
    },
    registerTerms: async (input) => sentOf(await registerTerms(operator, input)),
    addNodeKey: async (input) => sentOf(await addNodeKey(operator, input)),
  }

  const walletAddress = wallet.sender.account.address
  const managed: ManagedWalletChain = {
    address: walletAddress.toLowerCase() as Hex,
    openChannel: async (salt) => sentOf(await openChannel(wallet, { owner: walletAddress, salt })),
    depositOnce: async (input) => sentOf(await depositOnce(wallet, input)),
    async raiseCeiling({ channelId, microUsd: amount }) {
      const signature = await signCeiling(wallet, wallet.sender.account, { channelId, amount })
      return sentOf(await setCeiling(wallet, { channelId, amount, signature }))
    },
  }
  return { reads, settlement, registry, managed, reader: operator as ChainReader }
}

function chainReads(reader: ChainReader): ChainReads {
  const { publicClient, deployment } = reader
  return {
    firstBlock: BigInt(deployment.blockNumber),
    settleWindowS: deployment.params.settleWindowS,
    async head() {
      const { number, hash, timestamp } = await publicClient.getBlock({ blockTag: 'latest' })
      return { blockNumber: number, blockHash: hash, timeS: Number(timestamp) }
    },
    async blockHash(blockNumber) {
      if (blockNumber > (await publicClient.getBlockNumber())) return null
      return (await publicClient.getBlock({ blockNumber })).hash
    },
    events: (fromBlock, toBlock) => chainEvents(reader, fromBlock, toBlock),
    async channel(channelId): Promise<ChannelOnChain | null> {
      const { isOpen, deposited, withdrawn, withdrawing, claimed, ceiling } = await channelState(reader, channelId)
      return isOpen ? { deposited, withdrawn, withdrawing, claimed, ceiling } : null
    },
    anchorOf: (lane, epoch) => anchorOf(reader, lane, epoch),
    claimedOf: (key) => claimedOf(reader, key),
    pendingOf: (providerId, epoch) => pendingOf(reader, providerId, epoch),
  }
}

function sentOf({ receipt }: WriteOutcome): Sent {
  return { txHash: receipt?.transactionHash ?? null }
}
