/**
 * Funds a channel of the payer's own from their wallet, step by step. The ceiling is signed and linked before any money
 * moves: if the organisation cannot have this channel, that shows while it still costs nothing.
 *
 * Each step looks at the chain first, so that starting again after a refusal goes on where it stopped.
 */
import { paymentChannelsAbi, testUsdcAbi } from '@isochrone/contracts-client/browser'
import type { WalletChannelPlan } from '@isochrone/services'
import type { Abi, Address, Hex } from 'viem'
import { readContract, signTypedData, waitForTransactionReceipt, writeContract } from 'wagmi/actions'
import type { Config } from 'wagmi'
import { linkWalletChannel } from '~/actions/team.ts'
import { DEVELOPMENT_CHAIN_ID, type TxStage } from '~/lib/tx-stage.ts'

export const walletStepIds = ['ceiling-signature', 'test-usdc', 'open', 'approve', 'deposit', 'ceiling'] as const
export type WalletStepId = (typeof walletStepIds)[number]

export interface StepReport {
  step: WalletStepId
  /** `asking`: the wallet is waiting for its owner; `skipped`: nothing to do. */
  stage: TxStage | 'asking' | 'skipped'
  hash?: Hex
}

export interface WalletRun {
  config: Config
  plan: WalletChannelPlan
  /** µUSD to deposit, and to raise the ceiling by. */
  amountMicroUsd: bigint
  report: (step: StepReport) => void
}

const RECEIPT_TIMEOUT_MS = 120_000

/** Carries all steps out. Throws what the wallet, the chain or our server refused. */
export async function fundFromWallet(run: WalletRun): Promise<void> {
  const { plan, amountMicroUsd } = run
  const signature = await signAndLink(run)
  await mintWhereItIsATest(run)
  await openChannel(run)
  await approve(run)
  await write(run, 'deposit', plan.paymentChannels, paymentChannelsAbi, 'deposit', [plan.channelId, amountMicroUsd])
  const ceiling = [plan.channelId, plan.ceiling.amountMicroUsd, signature]
  await write(run, 'ceiling', plan.paymentChannels, paymentChannelsAbi, 'setCeiling', ceiling)
}

async function signAndLink({ config, plan, report }: WalletRun): Promise<Hex> {
  report({ step: 'ceiling-signature', stage: 'asking' })
  const { domain, types, primaryType, message } = plan.ceiling.typedData
  const signature = await signTypedData(config, { account: plan.ownerAddress, domain, types, primaryType, message })
  report({ step: 'ceiling-signature', stage: 'signed' })
  const linked = await linkWalletChannel({
    ownerAddress: plan.ownerAddress,
    ceilingMicroUsd: plan.ceiling.amountMicroUsd,
    signature,
  })
  if (!linked.ok) throw new Error(linked.error.message)
  report({ step: 'ceiling-signature', stage: 'final' })
  return signature
}

/** On a development chain anybody may mint test USDC; elsewhere the wallet must hold the real one. */
async function mintWhereItIsATest(run: WalletRun): Promise<void> {
  const { config, plan, amountMicroUsd, report } = run
  const balance = await readContract(config, {
    address: plan.usdc,
    abi: testUsdcAbi,
    functionName: 'balanceOf',
    args: [plan.ownerAddress],
  })
  if (balance >= amountMicroUsd) return report({ step: 'test-usdc', stage: 'skipped' })
  if (plan.chainId !== DEVELOPMENT_CHAIN_ID) {
    throw new Error('The wallet holds too little USDC on this chain. Nothing was sent.')
  }
  await write(run, 'test-usdc', plan.usdc, testUsdcAbi, 'mint', [plan.ownerAddress, amountMicroUsd - balance])
}

async function openChannel(run: WalletRun): Promise<void> {
  const { config, plan, report } = run
  const { owner } = await readContract(config, {
    address: plan.paymentChannels,
    abi: paymentChannelsAbi,
    functionName: 'channelOf',
    args: [plan.channelId],
  })
  if (BigInt(owner) !== 0n) return report({ step: 'open', stage: 'skipped' })
  await write(run, 'open', plan.paymentChannels, paymentChannelsAbi, 'open', [plan.ownerAddress, plan.salt])
}

async function approve(run: WalletRun): Promise<void> {
  const { config, plan, amountMicroUsd, report } = run
  const allowance = await readContract(config, {
    address: plan.usdc,
    abi: testUsdcAbi,
    functionName: 'allowance',
    args: [plan.ownerAddress, plan.paymentChannels],
  })
  if (allowance >= amountMicroUsd) return report({ step: 'approve', stage: 'skipped' })
  await write(run, 'approve', plan.usdc, testUsdcAbi, 'approve', [plan.paymentChannels, amountMicroUsd])
}

async function write(
  { config, plan, report }: WalletRun,
  step: WalletStepId,
  address: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[],
): Promise<void> {
  report({ step, stage: 'asking' })
  const hash = await writeContract(config, {
    account: plan.ownerAddress,
    address,
    abi,
    functionName,
    args: [...args],
  })
  report({ step, stage: 'sent', hash })
  const receipt = await waitForTransactionReceipt(config, { hash, timeout: RECEIPT_TIMEOUT_MS })
  if (receipt.status === 'reverted') {
    report({ step, stage: 'failed', hash })
    throw new Error('The chain refused this transaction. Nothing later was sent.')
  }
  report({ step, stage: plan.chainId === DEVELOPMENT_CHAIN_ID ? 'final' : 'included', hash })
}
