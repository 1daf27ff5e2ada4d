/**
 * Funds a channel of the payer's own from their wallet, step by step. The ceiling is signed and linked before any money
 * moves: if the organisation cannot have this channel, that shows while it still costs nothing.
 *
 * What is missing is read from the chain, so that starting again after a refusal goes on where it stopped.
 */
import { paymentChannelsAbi, testUsdcAbi } from '@isochrone/contracts-client/browser'
import type { WalletChannelPlan } from '@isochrone/services'
import { createTestClient, http, parseEther, type Abi, type Address, type Hex } from 'viem'
import { getBalance, readContract, signTypedData, waitForTransactionReceipt, writeContract } from 'wagmi/actions'
import type { Config } from 'wagmi'
import { linkWalletChannel } from '~/actions/team.ts'
import { DEVELOPMENT_CHAIN_ID, type TxStage } from '~/lib/money/tx-stage.ts'
import { planWalletSteps, type WalletState } from './plan-wallet-steps.ts'

export const walletStepIds = ['ceiling-signature', 'gas', 'test-usdc', 'open', 'approve', 'deposit', 'ceiling'] as const
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

/** Carries out what is missing. Throws what the wallet, the chain or our server refused. Resolves to what moved, µUSD. */
export async function fundFromWallet(run: WalletRun): Promise<{ depositedMicroUsd: bigint }> {
  const { plan, amountMicroUsd } = run
  const { usdc, paymentChannels: channels, channelId, ownerAddress: owner } = plan
  const ceilingMicroUsd = plan.ceiling.amountMicroUsd
  const signature = await signAndLink(run)
  const steps = planWalletSteps(await walletState(run), { ceilingMicroUsd, amountMicroUsd })
  if (steps.mintMicroUsd > 0n && plan.chainId !== DEVELOPMENT_CHAIN_ID) {
    throw new Error('The wallet holds too little USDC on this chain. Nothing was sent.')
  }
  await gasWhereItIsATest(run, steps.needsGas)
  const step = async (id: WalletStepId, needed: boolean, address: Address, abi: Abi, name: string, args: unknown[]) =>
    needed ? write(run, id, address, abi, name, args) : run.report({ step: id, stage: 'skipped' })
  const { mintMicroUsd, approveMicroUsd, depositMicroUsd } = steps
  await step('test-usdc', mintMicroUsd > 0n, usdc, testUsdcAbi, 'mint', [owner, mintMicroUsd])
  await step('open', steps.open, channels, paymentChannelsAbi, 'open', [owner, plan.salt])
  await step('approve', approveMicroUsd > 0n, usdc, testUsdcAbi, 'approve', [channels, approveMicroUsd])
  await step('deposit', depositMicroUsd > 0n, channels, paymentChannelsAbi, 'deposit', [channelId, depositMicroUsd])
  const ceiling = [channelId, ceilingMicroUsd, signature]
  await step('ceiling', steps.setCeiling, channels, paymentChannelsAbi, 'setCeiling', ceiling)
  return { depositedMicroUsd: depositMicroUsd }
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

/** As of the pending block: a transaction of an earlier try that still waits is not sent a second time. */
async function walletState({ config, plan }: WalletRun): Promise<WalletState> {
  const owner = plan.ownerAddress
  const channels = { address: plan.paymentChannels, abi: paymentChannelsAbi, blockTag: 'pending' } as const
  const usdc = { address: plan.usdc, abi: testUsdcAbi, blockTag: 'pending' } as const
  const allowed = [owner, plan.paymentChannels] as const
  const [gas, usdcMicroUsd, allowanceMicroUsd, channel] = await Promise.all([
    getBalance(config, { address: owner }),
    readContract(config, { ...usdc, functionName: 'balanceOf', args: [owner] }),
    readContract(config, { ...usdc, functionName: 'allowance', args: allowed }),
    readContract(config, { ...channels, functionName: 'channelOf', args: [plan.channelId] }),
  ])
  return {
    gasWei: gas.value,
    usdcMicroUsd,
    allowanceMicroUsd,
    isOpen: BigInt(channel.owner) !== 0n,
    depositedMicroUsd: channel.deposited,
    ceilingMicroUsd: channel.ceiling,
  }
}

/**
 * A wallet that is new to a development chain has no coins for gas, and there is nobody to buy them from: the chain
 * itself gives some (1 ETH). anvil asks for a tip even where gas is set to cost nothing, so gas cannot simply be free.
 */
async function gasWhereItIsATest({ plan, report }: WalletRun, needed: boolean): Promise<void> {
  if (!needed || plan.chainId !== DEVELOPMENT_CHAIN_ID) return report({ step: 'gas', stage: 'skipped' })
  report({ step: 'gas', stage: 'sent' })
  const chain = createTestClient({ mode: 'anvil', transport: http(plan.rpcUrl) })
  await chain.setBalance({ address: plan.ownerAddress, value: parseEther('1') })
  report({ step: 'gas', stage: 'final' })
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
