/**
 * Runs calls on the chain as it is, without a signature: `eth_simulateV1` on the newest block,
 * https://github.com/ethereum/execution-apis (eth_simulateV1), with every balance that can move read before and after.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { decodeFunctionResult, encodeFunctionData, zeroAddress, type Address } from 'viem'

import { stakeVaultAbi } from '../abi/stake-vault.ts'
import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainReader } from '../chain-client.ts'
import { decodeRevertData } from '../decode-revert.ts'

export interface DisputeRehearsal {
  blockNumber: bigint
  steps: { label: string; refusal: string | null }[]
  balances: { holder: string; beforeMicroUsd: bigint; afterMicroUsd: bigint }[]
}

export interface SimulatedCall {
  label: string
  from: Address
  to: Address
  data: Hex
}

export interface Block {
  timeS: bigint | null
  calls: SimulatedCall[]
}

export interface Gauge {
  holder: string
  to: Address
  data: Hex
  read: (data: Hex) => bigint
}

/** What an account holds of the token. */
export function walletGauge({ deployment }: ChainReader, holder: string, owner: Address): Gauge {
  return {
    holder,
    to: deployment.addresses.token,
    data: encodeFunctionData({ abi: testUsdcAbi, functionName: 'balanceOf', args: [owner] }),
    read: (data) => decodeFunctionResult({ abi: testUsdcAbi, functionName: 'balanceOf', data }),
  }
}

/** What the vault holds of a provider or a lane. */
export function stakeGauge({ deployment }: ChainReader, holder: string, subject: Hex): Gauge {
  return {
    holder,
    to: deployment.addresses.vault,
    data: encodeFunctionData({ abi: stakeVaultAbi, functionName: 'stakeOf', args: [subject] }),
    read: (data) => decodeFunctionResult({ abi: stakeVaultAbi, functionName: 'stakeOf', data }).tokens,
  }
}

/** @throws AppError `chain_unavailable` where the endpoint does not answer, or cannot simulate. */
export async function rehearseBlocks(
  reader: ChainReader,
  { number, blocks, gauges }: { number: bigint; blocks: readonly Block[]; gauges: readonly Gauge[] },
): Promise<DisputeRehearsal> {
  const steps = blocks.flatMap((block) => block.calls)
  const results = await simulate(reader, [
    { timeS: null, calls: gauges.map(asCall) },
    ...blocks,
    { timeS: null, calls: gauges.map(asCall) },
  ])
  const first = results.slice(0, gauges.length)
  const last = results.slice(gauges.length + steps.length)
  return {
    blockNumber: number,
    steps: steps.map(({ label }, index) => ({ label, refusal: refusalOf(results[gauges.length + index]) })),
    balances: gauges.map((gauge, index) => ({
      holder: gauge.holder,
      beforeMicroUsd: gauge.read(first[index]?.returnData ?? '0x'),
      afterMicroUsd: gauge.read(last[index]?.returnData ?? '0x'),
    })),
  }
}

function asCall({ to, data }: Gauge): SimulatedCall {
  return { label: '', from: zeroAddress, to, data }
}

interface CallResult {
  status: Hex
  returnData: Hex
  error?: { message?: string; data?: Hex }
}

/** All calls of all blocks, in order. */
async function simulate({ publicClient }: ChainReader, blocks: readonly Block[]): Promise<CallResult[]> {
  const blockStateCalls = blocks.map(({ timeS, calls }) => ({
    ...(timeS !== null && { blockOverrides: { time: `0x${timeS.toString(16)}` } }),
    calls: calls.map(({ from, to, data }) => ({ from, to, input: data })),
  }))
  try {
    const answer = await publicClient.request({
      method: 'eth_simulateV1',
      // viem's types of this method lag behind its own action, which decodes what is not needed here.
      params: [{ blockStateCalls }, 'latest'],
    } as never)
    return (answer as readonly { calls: CallResult[] }[]).flatMap(({ calls }) => calls)
  } catch (cause) {
    throw new AppError('chain_unavailable', {
      publicMessage: 'The chain’s endpoint cannot rehearse this step (eth_simulateV1). Nothing was signed or sent.',
      cause,
    })
  }
}

function refusalOf(result: CallResult | undefined): string | null {
  if (result?.status === '0x1') return null
  const data = result?.error?.data ?? result?.returnData
  const sentence = data === undefined ? undefined : decodeRevertData(data)?.sentence
  return sentence ?? 'The contract refused, without a reason that we know.'
}
