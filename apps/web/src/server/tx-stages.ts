/** How far transactions are, asked of the chain itself: sent → included → final. */
import type { Hex } from 'viem'
import { DEVELOPMENT_CHAIN_ID, type TxStage } from '~/lib/money/tx-stage.ts'
import { platform, type Platform } from './platform.ts'

/** More than a page shows at once; what is beyond keeps no stage. */
const HASHES_MAX = 60

/** Stage by hash. A chain that does not answer makes every one `unknown`, and the page is shown all the same. */
export async function txStagesOf(hashes: readonly (string | null)[]): Promise<Record<string, TxStage>> {
  const wanted = [...new Set(hashes.filter((hash) => hash !== null))].slice(0, HASHES_MAX)
  if (wanted.length === 0) return {}
  const { chainClient, deployment } = await platform()
  const finalBlock = await finalBlockOf(chainClient, deployment.chainId)
  const stages = await Promise.all(wanted.map((hash) => stageOf(chainClient, hash as Hex, finalBlock)))
  return Object.fromEntries(wanted.map((hash, index) => [hash, stages[index] ?? 'unknown']))
}

async function finalBlockOf(client: Platform['chainClient'], chainId: number): Promise<bigint> {
  const tag = chainId === DEVELOPMENT_CHAIN_ID ? 'latest' : 'finalized'
  return client.getBlock({ blockTag: tag }).then(
    (block) => block.number,
    () => -1n,
  )
}

async function stageOf(client: Platform['chainClient'], hash: Hex, finalBlock: bigint): Promise<TxStage> {
  try {
    const receipt = await client.getTransactionReceipt({ hash })
    if (receipt.status === 'reverted') return 'failed'
    return receipt.blockNumber <= finalBlock ? 'final' : 'included'
  } catch (error) {
    return error instanceof Error && error.name === 'TransactionReceiptNotFoundError' ? 'sent' : 'unknown'
  }
}
