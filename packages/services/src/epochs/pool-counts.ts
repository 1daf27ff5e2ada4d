/**
 * Adds payers' counts of final records to their pools on the chain, where the terms put money behind a promise. A pool
 * that breaks one credits the payer out of the provider's stake. The contract takes each leaf once.
 */
import { AppError } from '@isochrone/domain'
import { decodeStruct, merkleProof, type Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { CountsRow } from '../ports/epoch-store.ts'
import { promisesAnything, termsOfStored } from '../providers/terms.ts'
import { attempt, type SettlementDeps, type Stuck } from './settlement-deps.ts'

type Deps = Pick<SettlementDeps, 'records' | 'chain' | 'transactions'>

const LEAVES_A_ROUND = 200

/** False when the chain was away before all were looked at. */
export async function poolCounts(deps: Deps, stuck: Stuck[]): Promise<boolean> {
  const rows = await deps.records.uncounted(LEAVES_A_ROUND)
  const values = await deps.records.termsValues([...new Set(rows.map(({ termsHash }) => termsHash))])
  for (const row of rows) {
    const work = () => count(deps, row, values.get(row.termsHash) ?? {})
    if (!(await attempt(stuck, row, work))) return false
  }
  return true
}

async function count(deps: Deps, row: CountsRow, values: unknown): Promise<void> {
  const { nodeId, lane, epoch, version, channelId, termsHash, leaf } = row
  const record = { nodeId, lane, epoch, version }
  const key = { ...record, channelId, termsHash }
  const terms = termsOfStored({ values, document: null })
  if (terms === null || !promisesAnything(terms)) {
    await deps.records.markCounted(key, { countedTx: null, broken: 0, creditMicroUsd: 0n })
    return
  }
  const name = { nodeId: nodeId as Hex, lane: lane as Hex, epoch: Number(epoch) }
  const standing = await deps.chain.standingOf(name)
  if (standing?.status !== 'final' || standing.version !== version) {
    throw new AppError('state_conflict', { publicMessage: `The record of node ${nodeId} is not final.` })
  }
  const leaves = (await deps.records.countsOf(record)).map((other) => other.leaf as Hex)
  const input = { counts: decodeStruct('SlaCounts', row.counts), terms, proof: merkleProof(leaves, leaf as Hex) }
  const about = { purpose: 'counts', subject: `${nodeId}:${lane}:${epoch}:${channelId}` }
  const { txHash, broken, creditMicroUsd } = await sendRecorded(deps.transactions, about, () =>
    deps.chain.countSamples(input),
  )
  await deps.records.markCounted(key, { countedTx: txHash, broken, creditMicroUsd })
}
