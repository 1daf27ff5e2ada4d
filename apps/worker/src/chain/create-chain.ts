/** The services' view of the chain, on our contracts: reads, settlement, registry and the managed wallet. */
import {
  addNodeKey,
  anchorEpoch,
  claim,
  claimEach,
  claimMany,
  claimRefusalOf,
  countSamples,
  createChainWriter,
  developmentProfile,
  finaliseRecord,
  nodeKeyOf,
  openChannel,
  providerOf,
  registerProvider,
  registerTerms,
  releaseInvalid,
  reportRecord,
  retireNodeKey,
  returnSetAside,
  revertNamed,
  setCeiling,
  settle,
  signCeiling,
  type ChainProfile,
  type ChainReader,
  type ChainWriter,
  type ClaimManyResult,
  type Deployment,
  type PendingTransactions,
  type Time,
  type WriteOutcome,
} from '@isochrone/contracts-client'
import { AppError, toAppError } from '@isochrone/domain'
import type { Hex, Signed, Voucher } from '@isochrone/protocol'
import type { ClaimOutcome, ManagedWalletChain, RegistryChain, Sent, SettlementChain } from '@isochrone/services'
import { chainReads, confirmedReads } from './chain-reads.ts'
import { disputeChain } from './dispute-chain.ts'
import { depositOnce } from './deposit-once.ts'
import { fileWatch, type FileWatchOptions } from './file-watch.ts'
import { payoutChain } from './payout-chain.ts'
import { recordAudit } from './record-audit.ts'
import { stakeChain, stakeReads } from './stake-chain.ts'
import { trustChain } from './trust-chain.ts'

export interface CreateChainOptions {
  rpcUrl: string
  deployment: Deployment
  operatorKey: Hex
  managedWalletKey: Hex
  /** Of a local development chain when left out. */
  profile?: ChainProfile
  /** Where transactions under way are kept; in memory when left out, so that a restart forgets them. */
  pending?: PendingTransactions
  /** How requests go out; the system's when left out. */
  fetchFn?: typeof fetch
  /** The system's when left out. */
  time?: Time
  random?: (below: number) => number
}

export function createChain(options: CreateChainOptions) {
  const { rpcUrl, deployment, operatorKey, managedWalletKey, pending, fetchFn, time, random } = options
  const profile = options.profile ?? developmentProfile(deployment.chainId)
  const optional = { ...(pending && { pending }), ...(time && { time }), ...(random && { random }), fetchFn }
  const common = { rpcUrl, deployment, profile, ...optional }
  const operator = createChainWriter({ ...common, privateKey: operatorKey })
  const wallet = createChainWriter({ ...common, privateKey: managedWalletKey })
  const reads = chainReads(operator, profile, time)

  const settlement: SettlementChain = {
    ...reads,
    anchor: async (signed) => sentOf(await anchorEpoch(operator, signed)),
    claimOne: (voucher) => claimOne(operator, voucher),
    claimMany: async (vouchers) => claimsOf(await claimMany(operator, vouchers)),
    claimEach: async (vouchers) => claimsOf(await claimEach(operator, vouchers)),
    returnSetAside: async (key) => sentOf(await returnSetAside(operator, key)),
    reportRecord: async (input) => sentOf(await reportRecord(operator, input)),
    finaliseRecord: async (record) => sentOf(await finaliseRecord(operator, record)),
    freezeS: deployment.params.freezeS,
    async releaseInvalid(record) {
      try {
        return { txHash: (await releaseInvalid(operator, record)).transactionHash }
      } catch (error) {
        if (revertNamed(error) === 'NothingFrozen') return { txHash: null }
        throw error
      }
    },
    async countSamples(input) {
      const outcome = await countSamples(operator, input)
      return { ...sentOf(outcome), broken: bitsOf(outcome.tested), creditMicroUsd: outcome.tested?.credited ?? 0n }
    },
    settle: async (input) => sentOf(await settle(operator, input)),
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
    async retireNodeKey(input) {
      if ((await nodeKeyOf(operator, input.nodeKey)) === null) return { txHash: null }
      return sentOf(await retireNodeKey(operator, input))
    },
  }

  const walletAddress = wallet.sender.account.address
  const managed: ManagedWalletChain = {
    address: walletAddress.toLowerCase() as Hex,
    openChannel: async (salt) => sentOf(await unlessPaused(openChannel(wallet, { owner: walletAddress, salt }))),
    depositOnce: async (input) => sentOf(await unlessPaused(depositOnce(wallet, input))),
    async raiseCeiling({ channelId, microUsd: amount }) {
      const signature = await signCeiling(wallet, wallet.sender.account, { channelId, amount })
      return sentOf(await setCeiling(wallet, { channelId, amount, signature }))
    },
  }
  const transactions = {
    /** Sends again what a restart left or a reorganisation dropped, of both accounts. */
    async reconcile(): Promise<void> {
      await operator.sender.reconcile()
      await wallet.sender.reconcile()
    },
  }
  const trust = trustChain(operator, reads)
  const stake = stakeChain(wallet)
  const confirmedStake = stakeReads(confirmedReads(operator, profile))
  const payouts = payoutChain(wallet, operator, managedWalletKey, () => reads.head())
  /** @param sources where epoch files are fetched from: gateways, and nodes that give out their copies. */
  const auditOf = (sources: readonly string[]) => recordAudit(operator, sources)
  const filesOf = (watched: FileWatchOptions) => fileWatch(operator, watched)
  const disputes = disputeChain({ operator, managed: wallet }, reads)
  return {
    reads,
    settlement,
    registry,
    managed,
    trust,
    stake,
    confirmedStake,
    payouts,
    disputes,
    auditOf,
    filesOf,
    transactions,
    reader: operator as ChainReader,
  }
}

/** A pause refuses nobody for good: whoever sends waits, as for a chain that is away. */
async function unlessPaused<T>(sent: Promise<T>): Promise<T> {
  try {
    return await sent
  } catch (error) {
    if (revertNamed(error) !== 'EnforcedPause') throw error
    throw new AppError('chain_unavailable', { publicMessage: toAppError(error).publicMessage, cause: error })
  }
}

function sentOf({ receipt }: WriteOutcome): Sent {
  return { txHash: receipt?.transactionHash ?? null }
}

function claimsOf({ receipt, claimed, skipped }: ClaimManyResult): Sent & { outcomes: ClaimOutcome[] } {
  const paid = claimed.map(({ channelId, providerId, unpaid }) => ({ channelId, providerId, unpaid, reason: null }))
  const refused = skipped.map(({ channelId, providerId, reason }) => ({ channelId, providerId, unpaid: 0n, reason }))
  return { txHash: receipt.transactionHash, outcomes: [...paid, ...refused] }
}

async function claimOne(operator: ChainWriter, voucher: Signed<Voucher>): Promise<Sent & { outcomes: ClaimOutcome[] }> {
  const { channelId, providerId } = voucher.value
  try {
    const { receipt, unpaid } = await claim(operator, voucher)
    const outcomes = [{ channelId, providerId, unpaid, reason: null }]
    return { txHash: receipt?.transactionHash ?? null, outcomes }
  } catch (error) {
    const reason = claimRefusalOf(error)
    if (reason === null) throw error
    return { txHash: null, outcomes: [{ channelId, providerId, unpaid: 0n, reason }] }
  }
}

/** As in the event: 1 availability, 2 TTFT, 4 TPOT. */
function bitsOf(tested: Awaited<ReturnType<typeof countSamples>>['tested']): number {
  if (tested === null) return 0
  const { availability, ttft, tpot } = tested.broken
  return (availability ? 1 : 0) | (ttft ? 2 : 0) | (tpot ? 4 : 0)
}
