/**
 * Sends prepared calls from a wallet, one after the other: each is shown asked → sent → included → final, and nothing is
 * sent after one that failed.
 */
import type { ChainCall } from '@isochrone/services'
import {
  BaseError,
  createTestClient,
  http,
  HttpRequestError,
  parseEther,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
  type Address,
  type Hex,
} from 'viem'
import type { Config } from 'wagmi'
import { getBalance, getBlock, sendTransaction, waitForTransactionReceipt } from 'wagmi/actions'
import { DEVELOPMENT_CHAIN_ID, type TxStage } from './tx-stage.ts'

export type CallStage = TxStage | 'asking'
export interface CallReport {
  index: number
  stage: CallStage
  hash?: Hex
}

export interface SendCalls {
  config: Config
  chainId: number
  rpcUrl: string
  from: Address
  calls: readonly ChainCall[]
  report: (report: CallReport) => void
}

const RECEIPT_TIMEOUT_MS = 120_000
const FINAL_TIMEOUT_MS = 30 * 60_000
const FINAL_POLL_MS = 6_000
const GAS_WEI_MIN = 10_000_000_000_000_000n

/** The last call's transaction, once it is included; its finality is reported when it comes. */
export async function sendCalls(run: SendCalls): Promise<Hex | null> {
  await gasWhereItIsATest(run)
  let last: Hex | null = null
  for (const [index, call] of run.calls.entries()) {
    run.report({ index, stage: 'asking' })
    const hash = await sendTransaction(run.config, {
      account: run.from,
      // Refused where the wallet has been moved to another chain since.
      chainId: run.chainId,
      to: call.to,
      data: call.data,
    })
    run.report({ index, stage: 'sent', hash })
    const receipt = await waitForTransactionReceipt(run.config, { hash, timeout: RECEIPT_TIMEOUT_MS }).catch(
      (thrown: unknown) => {
        throw lostSight(thrown) ? new Error(unknownOutcome(call), { cause: thrown }) : thrown
      },
    )
    if (receipt.status === 'reverted') {
      run.report({ index, stage: 'failed', hash })
      throw new Error(`“${call.label}” was refused by the contract when it was included. Nothing later was sent.`)
    }
    run.report({ index, stage: 'included', hash })
    void whenFinal(run, receipt.blockNumber).then((isFinal) => isFinal && run.report({ index, stage: 'final', hash }))
    last = hash
  }
  return last
}

/** The chain could not be asked, or has no answer yet: which is not a refusal. */
function lostSight(thrown: unknown): boolean {
  return (
    thrown instanceof BaseError &&
    thrown.walk(
      (each) =>
        each instanceof HttpRequestError ||
        each instanceof TimeoutError ||
        each instanceof WaitForTransactionReceiptTimeoutError,
    ) !== null
  )
}

const unknownOutcome = ({ label }: ChainCall) =>
  `“${label}” was sent, and the chain has not said what became of it. Its transaction is shown above; look again before you send more.`

/** A local development chain has one miner and no reorganisations; any other names its final block. */
async function whenFinal({ config, chainId }: SendCalls, blockNumber: bigint): Promise<boolean> {
  if (chainId === DEVELOPMENT_CHAIN_ID) return true
  const deadline = Date.now() + FINAL_TIMEOUT_MS
  while (Date.now() < deadline) {
    const final = await getBlock(config, { blockTag: 'finalized' }).catch(() => null)
    if (final && final.number >= blockNumber) return true
    await new Promise((resolve) => setTimeout(resolve, FINAL_POLL_MS))
  }
  return false
}

async function gasWhereItIsATest({ config, chainId, rpcUrl, from }: SendCalls): Promise<void> {
  if (chainId !== DEVELOPMENT_CHAIN_ID) return
  if ((await getBalance(config, { address: from })).value >= GAS_WEI_MIN) return
  const chain = createTestClient({ mode: 'anvil', transport: http(rpcUrl) })
  // Refused where the endpoint is a relay that takes no such call: then the wallet says what it lacks.
  await chain.setBalance({ address: from, value: parseEther('1') }).catch(() => null)
}
