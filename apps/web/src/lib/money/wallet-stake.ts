/**
 * Stake out of a provider's own wallet: what is missing is read from the chain, and each stake has an order's name that the vault takes
 * once. So a second click, another tab or a page that was closed halfway puts nothing up twice, and starting again goes on.
 *
 * The name of an order is the provider and how many orders of this wallet the vault has carried out for it: two tabs that read the same
 * chain sign the same order, of which the vault refuses the second.
 */
import { stakeVaultAbi, testUsdcAbi } from '@isochrone/contracts-client/browser'
import { formatUsd } from '@isochrone/domain'
import type { ChainCall, WalletStakePlan } from '@isochrone/services'
import { encodeAbiParameters, encodeFunctionData, formatEther, keccak256, type Hex } from 'viem'
import type { Config } from 'wagmi'
import { estimateFeesPerGas, getBalance, getBlockNumber, getTransactionCount, readContract } from 'wagmi/actions'
import { DEVELOPMENT_CHAIN_ID } from './tx-stage.ts'

/** Of one block, amounts in µUSD but `ethWei`. */
export interface StakeState {
  ethWei: bigint
  /** What approval and stake may cost at the price of now. */
  gasCostWei: bigint
  usdcMicroUsd: bigint
  allowanceMicroUsd: bigint
  /** What backs work begun now: what thaws does not. */
  activeMicroUsd: bigint
  /** The wallet's next order for this provider. */
  orderId: Hex
  /** A transaction of the wallet waits for a block. */
  isSending: boolean
}

export type StakeNext =
  | { kind: 'done'; activeMicroUsd: bigint }
  | { kind: 'refused'; sentence: string }
  | { kind: 'send'; missingMicroUsd: bigint; calls: ChainCall[] }

/** Both transactions, with room for a token that costs more than most. */
const GAS_MAX = 350_000n
const ORDERS_A_READ = 8
const ORDERS_MAX = 400

/** What is still to be sent for the goal. Pure. */
export function nextStakeCalls(plan: WalletStakePlan, state: StakeState): StakeNext {
  const { usdc, vault, payerAddress, providerId, providerName, goalMicroUsd } = plan
  const missing = goalMicroUsd - state.activeMicroUsd
  if (state.isSending) {
    return refused(
      'A transaction of this wallet still waits for its block. Press again once it is included; what it puts up counts.',
    )
  }
  if (missing <= 0n) return { kind: 'done', activeMicroUsd: state.activeMicroUsd }
  const isTest = plan.chainId === DEVELOPMENT_CHAIN_ID
  const lacking = missing - state.usdcMicroUsd
  if (lacking > 0n && !isTest) {
    return refused(
      `${formatUsd(missing)} are missing in the stake, and this wallet holds ${formatUsd(state.usdcMicroUsd)} of USDC. Nothing was sent.`,
    )
  }
  if (!isTest && state.ethWei < state.gasCostWei) {
    return refused(
      `This wallet holds ${formatEther(state.ethWei)} ETH, and the transactions may cost ${formatEther(state.gasCostWei)} ETH at the price of now. Nothing was sent.`,
    )
  }
  const calls: ChainCall[] = []
  if (lacking > 0n) {
    const data = encodeFunctionData({ abi: testUsdcAbi, functionName: 'mint', args: [payerAddress, lacking] })
    calls.push({ label: 'Get test USDC (development chain)', to: usdc, data })
  }
  if (state.allowanceMicroUsd < missing) {
    const data = encodeFunctionData({ abi: testUsdcAbi, functionName: 'approve', args: [vault, missing] })
    calls.push({ label: `Allow the stake vault to take ${formatUsd(missing)}`, to: usdc, data })
  }
  const args = [providerId, missing, state.orderId] as const
  const data = encodeFunctionData({ abi: stakeVaultAbi, functionName: 'provisionOnce', args })
  calls.push({ label: `Put ${formatUsd(missing)} up as the stake of ${providerName}`, to: vault, data })
  return { kind: 'send', missingMicroUsd: missing, calls }
}

/** All of one block: an order that counts as done, and the stake that it made, are seen together or not at all. */
export async function readStakeState(config: Config, plan: WalletStakePlan): Promise<StakeState> {
  const { usdc, vault, payerAddress: payer, providerId } = plan
  const blockNumber = await getBlockNumber(config, { cacheTime: 0 })
  const token = { address: usdc, abi: testUsdcAbi, blockNumber } as const
  const [eth, usdcMicroUsd, allowanceMicroUsd, stake, orderId, sent, waiting, gasCostWei] = await Promise.all([
    getBalance(config, { address: payer }),
    readContract(config, { ...token, functionName: 'balanceOf', args: [payer] }),
    readContract(config, { ...token, functionName: 'allowance', args: [payer, vault] }),
    readContract(config, {
      address: vault,
      abi: stakeVaultAbi,
      functionName: 'stakeOf',
      args: [providerId],
      blockNumber,
    }),
    nextOrderId(config, plan, blockNumber),
    getTransactionCount(config, { address: payer, blockTag: 'latest' }),
    getTransactionCount(config, { address: payer, blockTag: 'pending' }),
    gasCost(config, plan),
  ])
  const activeMicroUsd = stake.tokens - stake.thawing
  const isSending = waiting > sent
  return { ethWei: eth.value, gasCostWei, usdcMicroUsd, allowanceMicroUsd, activeMicroUsd, orderId, isSending }
}

/** The first that the vault has not carried out. */
async function nextOrderId(config: Config, plan: WalletStakePlan, blockNumber: bigint): Promise<Hex> {
  const { vault, payerAddress, providerId } = plan
  const call = { address: vault, abi: stakeVaultAbi, functionName: 'isOrderDone', blockNumber } as const
  for (let first = 0; first < ORDERS_MAX; first += ORDERS_A_READ) {
    const ids = Array.from({ length: ORDERS_A_READ }, (_, index) => stakeOrderId(providerId, first + index))
    const done = await Promise.all(ids.map((id) => readContract(config, { ...call, args: [payerAddress, id] })))
    const open = ids[done.indexOf(false)]
    if (open !== undefined) return open
  }
  throw new Error(`This wallet has put ${ORDERS_MAX} stakes up already: more are not counted here.`)
}

/** Of this wallet's stakes for a provider, by how many came before. */
export function stakeOrderId(providerId: Hex, before: number): Hex {
  return keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [providerId, BigInt(before)]))
}

async function gasCost(config: Config, { chainId }: WalletStakePlan): Promise<bigint> {
  if (chainId === DEVELOPMENT_CHAIN_ID) return 0n
  const { maxFeePerGas } = await estimateFeesPerGas(config)
  return (maxFeePerGas ?? 0n) * GAS_MAX
}

function refused(sentence: string): StakeNext {
  return { kind: 'refused', sentence }
}
